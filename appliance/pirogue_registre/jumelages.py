"""What the register keeps of the pairing with a shore: a proposed card, and what a trainer answered about it."""

from pirogue_registre import reglages
from pirogue_registre.base import Registre, transaction


def proposer(registre: Registre, *, carte: str, empreinte: str) -> None:
    """
    Keep a proposed shore's card; another card forgets the answer given about the one before.

    Args:
        registre: the open register.
        carte: the card, as its file's text.
        empreinte: its fingerprint.
    """
    with transaction(registre):
        if reglages.lire(registre, "rive_proposee") != carte:
            reglages.ecrire(registre, "rive_proposee", carte)
            reglages.ecrire(registre, "rive_proposee_empreinte", empreinte)
            reglages.ecrire(registre, "rive_acceptee", "")


def repondre(registre: Registre, *, empreinte: str, oui: bool) -> bool:
    """
    Keep the trainer's answer; « no » forgets the proposal.

    Returns:
        False when the proposal has changed since the page was shown: nothing is kept.
    """
    with transaction(registre):
        if not empreinte or empreinte != reglages.lire(registre, "rive_proposee_empreinte"):
            return False
        reglages.ecrire(registre, "rive_acceptee", empreinte if oui else "")
        if not oui:
            reglages.ecrire(registre, "rive_proposee", "")
            reglages.ecrire(registre, "rive_proposee_empreinte", "")
    return True


def lire_proposition(registre: Registre) -> tuple[str, str]:
    """Return the proposed card's text (empty without one) and the fingerprint that was accepted (empty before)."""
    return reglages.lire(registre, "rive_proposee"), reglages.lire(registre, "rive_acceptee")
