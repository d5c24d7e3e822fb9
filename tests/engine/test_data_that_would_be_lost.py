"""A destroy counts what is in the things that would go, with the spec and without."""

from __future__ import annotations

import pytest
from fake import Crate, FakeAws, VirtualClock
from way import carry_out, plan, plan_destroy

from scrapectl.engine.resource import Desired


@pytest.mark.parametrize("with_spec", [True, False])
def test_a_destroy_is_refused_unless_it_is_told_to_lose_data(with_spec):
    aws = FakeAws(VirtualClock())
    wanted = [Desired("crate.raw", Crate(name="raw", size=3), "buckets.raw", on_destroy="refuse")]
    carry_out(aws, plan(aws, wanted))
    refused = plan_destroy(aws, wanted if with_spec else ())
    assert [problem.message for problem in refused.refusals] == ["crate.raw (raw) holds 3 objects that would be lost."]
    assert refused.changes == ()
    allowed = plan_destroy(aws, wanted if with_spec else (), delete_data=True)
    assert [change.address for change in allowed.changes] == ["crate.raw"]
