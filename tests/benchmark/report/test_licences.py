"""What licences allow, against SPDX expressions whose meaning is plain."""

import pytest

from benchmark.report.licences import USES, use_of


@pytest.mark.parametrize(
    ("licence", "use"),
    [
        ("Apache-2.0", "free"),
        ("apache-2.0", "free"),
        ("MIT", "free"),
        ("BSD-3-Clause", "free"),
        ("CC0-1.0", "free"),
        ("CC-BY-4.0", "free"),
        ("CC-BY-SA-4.0", "copyleft"),
        ("GPL-3.0-or-later", "copyleft"),
        ("LGPL-2.1-only", "copyleft"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "copyleft"),
        ("CC-BY-NC-4.0", "noncommercial"),
        ("CC-BY-NC-SA-4.0", "noncommercial"),
        ("PolyForm-Noncommercial-1.0.0", "noncommercial"),
        ("CC-BY-ND-4.0", "unknown"),
        ("openrail", "unknown"),
        ("LicenseRef-mine", "unknown"),
        ("MIT AND CC-BY-NC-4.0", "noncommercial"),
        ("MIT OR CC-BY-NC-4.0", "free"),
        ("MIT AND GPL-3.0-only", "copyleft"),
        ("MIT AND LicenseRef-mine", "unknown"),
        ("LicenseRef-mine AND CC-BY-NC-4.0", "noncommercial"),
        ("GPL-3.0-only OR LicenseRef-mine", "copyleft"),
        ("CC-BY-NC-4.0 AND (MIT OR GPL-2.0-only)", "noncommercial"),
        ("MIT OR CC-BY-NC-4.0 AND Apache-2.0", "free"),  # AND binds closer
        ("", "unknown"),
        ("ask us", "unknown"),
        ("MIT AND", "unknown"),
        ("(MIT", "unknown"),
        ("MIT)", "unknown"),
        ("MITRE", "unknown"),
        ("(" * 5000, "unknown"),
    ],
)
def test_use(licence: str, use: str) -> None:
    assert use_of(licence) == use
    assert use in USES
