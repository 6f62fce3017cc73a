"""What statements of spend post, one after another: the books always hold what was said last."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from transactional.marketing.rules import StatedSpend, spends

DAYS = [date(2026, 9, 1), date(2026, 9, 2)]
STATEMENT = st.dictionaries(
    st.tuples(st.sampled_from(DAYS), st.sampled_from("AB"), st.sampled_from(["douyin", "baidu"])),
    st.integers(-500, 100_000),
    min_size=1,
)


@given(st.lists(STATEMENT, min_size=1, max_size=6))
def test_after_any_statements_the_books_hold_the_newest_word_on_each_campaigns_day(
    statements: list[dict[tuple[date, str, str], int]],
) -> None:
    booked: dict[tuple[date, str], dict[str, int]] = {}
    newest: dict[tuple[date, str], dict[str, int]] = {}
    for said in statements:
        lines = [
            StatedSpend(number, *key, amount_fen) for number, (key, amount_fen) in enumerate(said.items(), start=1)
        ]
        for each in spends(lines, booked):
            channels = booked.setdefault(each.line.campaign_day, {})
            channels[each.line.channel] = channels.get(each.line.channel, 0) + each.posted_fen
        restated = {(day, campaign) for day, campaign, _ in said}
        newest |= {key: {} for key in restated}
        for (day, campaign, channel), amount_fen in said.items():
            newest[day, campaign][channel] = amount_fen
    for key, channels in booked.items():
        assert {name: fen for name, fen in channels.items() if fen} == {n: f for n, f in newest[key].items() if f}


def test_a_statement_said_again_adds_nothing() -> None:
    lines = [StatedSpend(1, DAYS[0], "A", "douyin", 100), StatedSpend(2, DAYS[0], "A", "baidu", 0)]
    posted = {(DAYS[0], "A"): {"douyin": 100}}
    assert [each.posted_fen for each in spends(lines, posted)] == [0, 0]
