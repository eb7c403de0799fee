"""How a French word sounds, roughly: enough to notice that two of them are said the same way."""

import re

#: In this order: letters → a sound, written as one sign (capitals: sounds that one letter does not write).
SONS = (
    (r"eaux?$|eau|aux?$|au", "o"),
    (r"w", "v"),
    (r"oeu|oe|eu", "E"),
    (r"ou", "U"),
    (r"oin", "w1"),
    (r"oi|oy", "wa"),
    (r"(a[iy]|e[iy])n(?![aeiouyn])|(?:i|y|e?a?i)[nm](?![aeiouynm])", "1"),
    (r"[ae][nm](?![aeiouynm])", "2"),
    (r"o[nm](?![aeiouynm])", "3"),
    (r"u[nm](?![aeiouynm])", "1"),
    (r"ai|ei|ay", "e"),
    (r"ill(?=[aeou])|ill?$(?<=[aeu]ill)|(?<=[aeu])il$|(?<=[aeU])ill", "Y"),
    (r"ph", "f"),
    (r"ch|sch|sh", "S"),
    (r"gn", "N"),
    (r"g(?=[eiy])e?(?=[aou])|g(?=[eiy])|j", "Z"),
    (r"gu(?=[eiy])", "g"),
    (r"qu|q|k|c(?![eiySh])", "k"),
    (r"c", "s"),
    (r"(?<=[aeiouyU])s(?=[aeiouyU])", "z"),
    (r"ti(?=[aeo3])", "si"),
    (r"y", "i"),
    (r"h", ""),
    (r"([b-df-hj-np-tv-z])\1", r"\1"),
    (r"(?:er|ez|et)$", "E"),
    (r"[dtpsxz]+$", ""),
    (r"(?<=[^aeiou])e$", ""),
)


def son(mot: str) -> str:
    """Return the sound of a word, in signs of our own."""
    for lettres, signe in SONS:
        mot = re.sub(lettres, signe, mot)
    return mot


def a_une_lettre(un: str, autre: str) -> bool:
    """Say whether one letter changed, added or taken makes a word of the other."""
    if abs(len(un) - len(autre)) > 1:
        return False
    if len(un) == len(autre):
        return sum(a != b for a, b in zip(un, autre, strict=True)) <= 1
    court, long = sorted((un, autre), key=len)
    return any(long[:rang] + long[rang + 1 :] == court for rang in range(len(long)))
