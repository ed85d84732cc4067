"""A page as a parser that knows only HTML's rules sees it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr", "wbr"}


class Element:
    """A tag with its attributes and what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str | None], parent: Element | None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute] or ""

    @property
    def text(self) -> str:
        """All text inside, white space as it is."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        """All text inside, white space as a browser shows it."""
        return " ".join(self.text.split())

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements inside, of a tag and with a class or other attributes."""
        found = []
        for child in self.children:
            if isinstance(child, str):
                continue
            if child._is(tag, attributes):
                found.append(child)
            found += child.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    def _is(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        for name, value in attributes.items():
            if name == "class_":
                if value not in (self.attributes.get("class") or "").split():
                    return False
            elif self.attributes.get(name.replace("_", "-")) != value:
                return False
        return True


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.place = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag} has an attribute twice: {names}"
        element = Element(tag, dict(attrs), self.place)
        self.place.children.append(element)
        if tag not in VOID:
            self.place = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.place.children.append(Element(tag, dict(attrs), self.place))

    def handle_endtag(self, tag: str) -> None:
        assert self.place.tag == tag, f"</{tag}> closes <{self.place.tag}>"
        assert self.place.parent
        self.place = self.place.parent

    def handle_data(self, data: str) -> None:
        self.place.children.append(data)


def parsed(page: str) -> Element:
    """The document; fails where a tag is closed that is not open, or left open."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.place is reader.root
    return reader.root
