import re
from collections import Counter

import pytest

from pretrain.data.debian.package_list import KINDS, LEFT_OUT, Package, read_list

# Licences under which weights may be published, in SPDX's words, and two plain ones.
FREE = re.compile(
    r"(L?GPL-[123]\.[01](-or-later)?|GPL|CC0-1\.0|CC-BY(-SA)?(-[234]\.0)?|BSD-[23]-Clause|MIT"
    r"|Artistic-1\.0|public-domain)"
)


def test_the_list_is_complete_and_free():
    packages = read_list()
    assert [p.name for p in packages] == sorted({p.name for p in packages})
    for package in packages:
        assert package.kind in KINDS and package.architecture == "all"
        assert re.fullmatch("[0-9a-f]{64}", package.sha256), package.name
        for licence in package.licence.split(" AND "):
            assert FREE.fullmatch(licence), (package.name, licence)
        assert {kind for _, kind in package.parts} <= {*KINDS, LEFT_OUT}
    assert len({p.sha256 for p in packages}) == len(packages)
    assert Counter(p.kind for p in packages).keys() >= {"speech", "sounds", "notes", "music"}
    assert sum(p.bytes for p in packages) < 2.5e9


def test_the_first_pattern_that_fits_decides():
    parts = (("*/animals/*_desc*", "speech"), ("*/animals/*", "nature"), ("*.mp3", "none"))
    package = Package("p", "1", "all", 1, "0" * 64, "sounds", "MIT", parts)
    assert package.kind_of("usr/Animals/cow_desc_fr.ogg") == "speech"
    assert package.kind_of("usr/animals/cow.ogg") == "nature"
    assert package.kind_of("usr/cow.MP3") == "none"
    assert package.kind_of("usr/cow.ogg") == "sounds"


def test_patterns_for_all_packages_follow_those_of_one():
    (one,) = read_list(["tuxpaint-stamps-default"])
    assert one.kind_of("usr/share/tuxpaint/stamps/animals/birds/owl_desc_fr.ogg") == "speech"
    assert one.kind_of("usr/share/tuxpaint/stamps/animals/birds/owl.ogg") == "nature"
    (other,) = read_list(["ardentryst"])
    assert other.kind_of("usr/share/games/ardentryst/Music/a.ogg") == "music"


def test_an_unknown_package_is_one_sentence():
    with pytest.raises(ValueError, match="'nethack' is not in the list of packages"):
        read_list(["nethack"])
