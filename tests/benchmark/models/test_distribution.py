import sys
from importlib import metadata
from pathlib import Path

import pytest

from benchmark.models import fingerprint as distribution
from benchmark.models.fingerprint import distribution_of


def test_installed_packages_have_a_name_and_a_version() -> None:
    import torch  # noqa: F401
    import yaml  # noqa: F401

    assert distribution_of("torch") == f"torch {metadata.version('torch')}"
    assert distribution_of("yaml") == f"PyYAML {metadata.version('PyYAML')}"


def test_the_standard_library_and_what_was_never_imported_have_none() -> None:
    assert distribution_of("json") == distribution_of("not.there") == ""


def test_a_local_module_called_like_an_installed_one_is_not_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tomorrow.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(distribution, "_distributions", lambda: {"tomorrow": ["numpy"]})
    import tomorrow  # type: ignore[import-not-found]  # noqa: F401

    assert distribution_of("tomorrow") == ""
    del sys.modules["tomorrow"]


def test_the_source_folder_of_an_editable_installation_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, installed = tmp_path / "my source", tmp_path / "site-packages"
    about = installed / "mine-1.5.dist-info"
    source.mkdir()
    about.mkdir(parents=True)
    (source / "yesterday.py").write_text("")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.5\n")
    url = source.as_uri()
    (about / "direct_url.json").write_text(f'{{"url": "{url}", "dir_info": {{"editable": true}}}}')
    monkeypatch.syspath_prepend(installed)
    monkeypatch.syspath_prepend(source)
    monkeypatch.setattr(distribution, "_distributions", lambda: {"yesterday": ["mine"]})
    import yesterday  # type: ignore[import-not-found]  # noqa: F401

    assert distribution_of("yesterday") == "mine 1.5"
    (about / "direct_url.json").write_text(f'{{"url": "{url}", "dir_info": {{}}}}')
    assert distribution_of("yesterday") == ""
    del sys.modules["yesterday"]
