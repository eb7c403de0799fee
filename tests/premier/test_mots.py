"""The words of the Wi-Fi key: enough of them, easy to say, easy to type, none taken for another."""

import itertools
import math
import re
from collections import Counter, defaultdict

from pirogue_socle.premier import mots
from premier.oreille import a_une_lettre, son


def test_four_words_are_forty_four_bits() -> None:
    """Fewer would be tried one after the other from the bank of the lake."""
    liste = mots.lister()

    assert len(set(liste)) == len(liste)
    assert mots.NOMBRE * math.log2(len(liste)) >= 44


def test_every_word_is_typed_as_it_is_seen() -> None:
    """No accent, no capital, no long word: an old laptop's keyboard has them all."""
    assert [mot for mot in mots.lister() if not re.fullmatch(r"[a-z]{4,8}", mot)] == []


def test_no_word_is_another_with_one_letter_wrong() -> None:
    """A typing mistake never makes the neighbour's word of mine."""
    assert [paire for paire in itertools.combinations(mots.lister(), 2) if a_une_lettre(*paire)] == []


def test_no_two_words_sound_the_same() -> None:
    """Rachelle reads aloud, Koffi types."""
    par_son = defaultdict(list)
    for mot in mots.lister():
        par_son[son(mot)].append(mot)

    assert [pareils for pareils in par_son.values() if len(pareils) > 1] == []


def test_the_ear_does_hear_that_two_words_are_the_same() -> None:
    """The check above is not deaf."""
    pareils = [
        ("seau", "sot"),
        ("vert", "vers"),
        ("balle", "bale"),
        ("phare", "fard"),
        ("chant", "champ"),
        ("coq", "coque"),
    ]

    assert [paire for paire in pareils if son(paire[0]) != son(paire[1])] == []
    assert a_une_lettre("balle", "salle")
    assert a_une_lettre("balle", "bale")


def test_a_key_is_what_hostapd_takes_and_never_twice_the_same() -> None:
    """Eight to sixty-three signs; every word of the list comes out sooner or later."""
    tirees = [mots.tirer() for _ in range(4000)]
    sortis = Counter(mot for cle in tirees for mot in cle.split(" "))

    assert {len(cle.split(" ")) for cle in tirees} == {4}
    assert [cle for cle in tirees if not 8 <= len(cle) <= 63] == []
    assert len(set(tirees)) == len(tirees)
    # 16 000 draws of 2048 words: each is expected eight times, and one of them, on the whole, not at all.
    assert len(sortis) > 2000
