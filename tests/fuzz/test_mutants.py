"""A sample of `make fuzz` at every run: damaged bytes are refused with a sentence, all of them."""

import random

import pytest

from fuzz import mutants


def test_no_damaged_lot_receipt_order_or_label_is_ever_believed(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another seed each time, printed when it finds something."""
    monkeypatch.chdir(str(tmp_path))
    graine = random.SystemRandom().randrange(2**31)
    compte = mutants.essayer(20_000, graine)

    assert compte["refuses"] > 15_000
    assert (compte["acceptes"], compte["imprevus"]) == (0, 0), f"graine {graine}"


def test_the_search_itself_sees_a_reader_that_believes_too_much(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that accepts anything, and one that crashes, are both reported."""
    monkeypatch.chdir(str(tmp_path))
    credule = mutants.Cible("credule", lambda _: object(), (b"x",))
    fragile = mutants.Cible("fragile", lambda octets: octets[10**9], (b"x",))

    assert mutants.juger(credule, b"y", 1) == "acceptes"
    assert mutants.juger(fragile, b"y", 1) == "imprevus"
