"""Filters live in the address: what it says is chosen, what it cannot mean is left out and said, nothing crashes."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.sql import among, limit

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]


def choosing() -> None:
    """A page of one filter, as AppTest runs it."""
    import streamlit as st

    from dashboards import url

    chosen = url.several("channel", "Channels", ["a", "b", "c", "d,100%"], str.upper)
    st.markdown("+".join(chosen) or "all")
    st.caption(str(url.ignored()))


def chosen_by(address: str | None) -> AppTest:
    page = AppTest.from_function(choosing)
    if address is not None:
        page.query_params["channel"] = address
    return page.run()


@pytest.mark.parametrize(
    ("address", "chosen", "kept", "left_out"),
    [
        (None, "all", None, {}),
        ("c,a", "a+c", "a,c", {}),
        ("b", "b", "b", {}),
        ("b,x", "b", "b", {"channel": "x"}),
        ("x", "all", None, {"channel": "x"}),
        ("", "all", None, {"channel": ""}),
        ("a,a", "a", "a", {}),
        ("'; drop table", "all", None, {"channel": "'; drop table"}),
    ],
)
def test_any_of_several_words_are_read_from_the_address_in_their_order(
    address: str | None, chosen: str, kept: str | None, left_out: dict[str, str]
) -> None:
    page = chosen_by(address)
    assert not page.exception
    assert page.markdown[0].value == chosen
    assert page.query_params.get("channel") == kept
    assert page.caption[0].value == str(left_out)


def test_a_word_with_a_comma_is_one_word() -> None:
    page = chosen_by(None)
    page.multiselect(key="choice_channel").set_value(["d,100%"]).run()
    assert (page.markdown[0].value, page.query_params["channel"]) == ("d,100%", "d%2C100%25")
    assert chosen_by("b,d%2C100%25").markdown[0].value == "b+d,100%"


def test_what_is_picked_goes_into_the_address_and_out_of_it() -> None:
    page = chosen_by("a")
    page.multiselect(key="choice_channel").set_value(["c", "a"]).run()
    assert (page.markdown[0].value, page.query_params["channel"]) == ("a+c", "a,c")
    page.multiselect(key="choice_channel").set_value([]).run()
    assert page.markdown[0].value == "all"
    assert "channel" not in page.query_params


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("period", "forever"),
        ("dates", "2026-13-01..2026-06-30"),
        ("category", "`games`"),
        ("dates", "2026-06-30..2026-06-01"),
    ],
)
def test_a_page_says_what_its_address_cannot_mean_and_shows_the_rest(
    publish: Publish, visit: Visit, name: str, value: str
) -> None:
    publish()
    page = visit(lang="en", **{name: value})
    assert not page.exception
    said = f"The address asks for what there is not here: `{name}={value.replace('`', '')}`. It was left out."
    assert [info.value for info in page.info] == [said]
    assert page.metric[3].value == "¥32.16"
    assert name not in page.query_params
    page.run()
    assert not page.info


def test_a_choice_that_ends_with_another_one_is_not_called_a_mistake(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("repurchase", lang="en", scope="occasion_number", value="2")
    page.selectbox(key="choice_scope").set_value("category").run()
    assert not [info.value for info in page.info if "address asks" in info.value]


def test_conditions_bind_what_is_chosen_and_nothing_chosen_is_all() -> None:
    assert among() == ("", [])
    assert among(category_key=None, channel_key=()) == ("", [])
    assert among(category_key="a", channel_key=("b", "c")) == (
        " and category_key in (?) and channel_key in (?, ?)",
        ["a", "b", "c"],
    )
    assert (limit(None), limit(5)) == ("", " limit 5")


def test_own_dates_outside_the_shop_s_are_shown_as_asked(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en", dates="2020-01-01..2030-01-01")
    assert not page.exception
    assert page.metric[3].value == "¥39.96"
    assert page.date_input[0].value == (date(2020, 1, 1), date(2030, 1, 1))


def cutting() -> None:
    """A page of all filters of a cut, as AppTest runs it inside the dashboards."""
    from dataclasses import replace

    import streamlit as st

    from dashboards import cut, navigation
    from dashboards.pages import PAGES
    from dashboards.streamlit_app import main

    def show(view: object) -> None:
        chosen = cut.chosen(view)  # type: ignore[arg-type]
        st.json({"keys": chosen.keys, "described": chosen.described})

    before, navigation.PAGES = navigation.PAGES, (replace(PAGES[0], show=show),)
    main()
    navigation.PAGES = before


def test_a_cut_offers_what_the_books_name_and_says_what_was_chosen(publish: Publish) -> None:
    publish()
    page = AppTest.from_function(cutting, default_timeout=30)
    page.query_params.update({"lang": "en", "channels": "cardhouse,nobody", "origins": "search", "products": "video"})
    page.run()
    assert not page.exception
    assert "`channels=nobody`" in page.info[0].value
    offered = {box.key: box.options for box in page.multiselect}
    assert offered["choice_channels"] == ["卡屋", "none of these"]
    assert offered["choice_products"] == ["Steam card", "视频月卡", "none of these"]
    assert offered["choice_campaigns"] == ["spring", "none of these"]
    page.multiselect(key="choice_campaigns").set_value(["none"]).run()
    assert page.query_params["campaigns"] == "none"
    assert json.loads(page.json[0].value)["keys"]["campaign_key"] == ["none"]
    page.multiselect(key="choice_campaigns").set_value([]).run()
    told = json.loads(page.json[0].value)
    assert told["keys"] == {"product_key": ["p-video"], "channel_key": ["ch-1"], "acquisition_channel": ["search"]}
    assert dict(told["described"])["Supply channel"] == "卡屋"
    assert dict(told["described"])["Campaign"] == "All"


def sizing() -> None:
    """A page of the size of a bar, as AppTest runs it inside the dashboards."""
    from dataclasses import replace
    from datetime import date

    import streamlit as st

    from dashboards import filters, navigation
    from dashboards.pages import PAGES
    from dashboards.periods import Period
    from dashboards.streamlit_app import main

    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    before, navigation.PAGES = navigation.PAGES, (replace(PAGES[0], show=lambda v: st.text(filters.grain(v, year))),)
    main()
    navigation.PAGES = before


@pytest.mark.parametrize(("asked", "size"), [(None, "week"), ("month", "month"), ("hour", "week")])
def test_a_bar_is_as_long_as_asked_for_or_as_fits_the_period(publish: Publish, asked: str | None, size: str) -> None:
    publish()
    page = AppTest.from_function(sizing, default_timeout=30)
    page.query_params.update({} if asked is None else {"grain": asked})
    page.run()
    assert not page.exception
    assert page.text[0].value == size
