"""The benchmark of allocation, scaled down: every rule runs, hands out no more than there is, and takes no more than a tenth."""

from benchmarks.allocation import make_requests, time_batches

from lockgate.services.practice import list_rules


def test_five_batches_to_five_hundred_recipients() -> None:
    for rule in list_rules():
        if rule.share.method == "optimum":
            continue
        seconds, handed = time_batches(rule, 500, 5, supply=40_000)
        assert handed <= 200_000, rule.id
        assert seconds < 2.0, rule.id
        assert len(make_requests(rule, 7)) == 7
