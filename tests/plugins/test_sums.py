"""All built-in analysers over the recorded objects: none fails, and the explained score is the platform's."""

import time

import pytest

from tests.plugins.test_subject_reports import everything
from tests.result.test_layout import agrees
from virustotal.core.models import Object, Report, Verdict
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.manager import load
from virustotal.core.scoring.safelist import read_safelist
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.plugins import BUILTIN
from virustotal.result.layout import SubjectResult, compose

SETTINGS = Settings()
SAFELIST = read_safelist({"regex": {"network.dynamic.domain": [r"(.*\.)?microsoft\.com$"]}})


def check(objects: tuple[Object, ...]) -> None:
    plugins = load(BUILTIN, SETTINGS)
    hooks = plugins.begin(SETTINGS)

    def verdict(obj: Object) -> Verdict:
        return judge(obj, SETTINGS, hooks.remap, hooks.decide, SAFELIST)

    for each in objects:
        report = Report(each)
        contributions = runner.analyse(report, plugins, SETTINGS, verdict, time.monotonic() + 60)
        assert [one.error for one in contributions if one.error] == []
        result = SubjectResult(report, verdict=verdict(each), contributions=contributions)
        agrees(compose([result], SETTINGS, SAFELIST))
    assert hooks.failed == ()


def test_a_third_of_the_recorded_objects(reports: object) -> None:
    check(everything()[::3])


@pytest.mark.slow
def test_every_recorded_object(reports: object) -> None:
    check(everything())
