"""Without log-ins, nobody but this machine is answered."""

import pytest

from dashboards.access import AccessRefusedError, UnguardedError, Viewer, is_loopback, require, single_user


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost", "unix:///run/d.sock"])
def test_an_address_of_this_machine_alone_is_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.4", "localhost.example.com"])  # noqa: S104
def test_other_addresses_are_not_and_no_address_means_all(address: str | None) -> None:
    assert not is_loopback(address)


def test_a_server_that_others_reach_is_refused_unless_somebody_said_they_may() -> None:
    with pytest.raises(UnguardedError, match="0.0.0.0"):  # noqa: S104
        single_user(None, open_to_network=False)
    assert "owner" in single_user("0.0.0.0", open_to_network=True).roles  # noqa: S104


def test_a_role_that_the_reader_lacks_is_refused() -> None:
    buyer = Viewer(frozenset({"buyer"}))
    require(buyer, "owner", "buyer")
    with pytest.raises(AccessRefusedError, match="owner, auditor"):
        require(buyer, "owner", "auditor")
