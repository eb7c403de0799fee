"""What may be wrong with something that travelled: one class per fact, one French sentence each."""

from pirogue_socle.erreurs import ErreurPirogue


class LotInvalide(ErreurPirogue):
    """
    A lot is refused; nothing of it reaches the event tables.

    Attributes:
        motif: short code kept beside the refused bytes.
    """

    geste = "Garde la clé telle quelle et recommence l'envoi depuis la boîte : les données y sont toujours."
    code = 60
    motif = "invalide"


class FormeInvalide(LotInvalide):
    """The bytes do not have the form of a lot: cut short, wrong first line, wrong header."""

    code = 61
    motif = "forme"


class SignataireInconnu(LotInvalide):
    """The lot names a signer that we have no card for."""

    geste = "Compare les empreintes sur les deux écrans, puis accueille ce relais."
    code = 62
    motif = "inconnu"


class SignatureFausse(LotInvalide):
    """The signer is known and did not sign these bytes."""

    code = 63
    motif = "signature"


class CleRevoquee(LotInvalide):
    """The signature is good, and the key was replaced or revoked before this lot."""

    geste = "Ne le jette pas : préviens le coordinateur, qui décidera à qui appartient cette boîte."
    code = 69
    motif = "revoquee"


class LotTropGros(LotInvalide):
    """The header announces more than what we accept."""

    code = 64
    motif = "taille"


class ContenuAbime(LotInvalide):
    """The payload is not the one that was signed: hash, compression, count or chain."""

    code = 65
    motif = "contenu"


class CleManquante(LotInvalide):
    """The lot was sealed to somebody else's key."""

    geste = "Ce lot est destiné à une autre rive : il faut le lui porter."
    code = 66
    motif = "destinataire"


class ClesIllisibles(ErreurPirogue):
    """The key file or the card is missing, damaged, or readable by everybody."""

    geste = "Remets le fichier de clés en place (droits 0600) ou refais l'appairage avec la rive."
    code = 67
