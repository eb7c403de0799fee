"""Identifiers inside Kolibri: computed from our own keys, so that every build and every boat has the same ones."""

import uuid

ESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "contenus.pirogue-connectee.org")


def _id(*parties: str) -> str:
    """Return 32 hexadecimal characters that depend on `parties` alone."""
    return uuid.uuid5(ESPACE, "/".join(parties)).hex


def canal_id(parcours: str) -> str:
    """Return the id of the channel of a course."""
    return _id("canal", parcours)


def contenu_id(cle: str) -> str:
    """
    Return the identity of a resource, which a learner's progress follows.

    It depends on the key alone: a resource keeps its progress when it is renamed, rewritten or moved.
    """
    return _id("contenu", cle)


def noeud_id(*chemin: str) -> str:
    """Return the id of a place in the channel's tree (course, part, module, resource)."""
    return _id("noeud", *chemin)


def question_id(quiz: str, question: str) -> str:
    """Return the id of a question: it keeps its answers when its wording is mended."""
    return _id("question", quiz, question)


def ligne_id(*parties: str) -> str:
    """Return the id of a row of the channel that nothing outside refers to."""
    return _id("ligne", *parties)
