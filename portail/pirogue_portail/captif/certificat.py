"""
The public name: offered to laptops only while the box holds a certificate for it, valid at a date that is sure.

RFC 8910 tells a laptop where to ask (DHCP option 114), RFC 8908 what it hears there; both want TLS. A certificate that
is over, or a box that does not know the date, must leave no trace of either: a laptop that is sent to a page it cannot
trust is worse off than one that was sent nowhere. What is offered are three small files in memory, read by the front
server and by the names; without a valid certificate they do not exist.
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from pirogue_socle.horloge import MS_PAR_MIN

#: Offered no longer than a lease before the end: a laptop keeps the address of the API until its lease is renewed.
MARGE_MS = 120 * MS_PAR_MIN
MS_PAR_JOUR = 24 * 60 * MS_PAR_MIN
SITE, DHCP, HOTES, CHANGE = "captif.nginx", "dhcp", "hotes", "change"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether the certificate is held, and why.

    Attributes:
        tenu: it may be offered now.
        phrase: one French sentence for the health page and the log.
        reste_jours: whole days left; 0 when it is not held.
    """

    tenu: bool
    phrase: str
    reste_jours: int = 0


@dataclass(frozen=True, slots=True)
class Offre:
    """
    What the files say.

    Attributes:
        nom: the public name.
        certificat: the certificate; its key beside it ends in `.key`.
        adresse: the box's address.
        portail_base: where every other page of this name leads.
        prise: socket of the responder of the probes.
        ecoute: where the front server listens for TLS.
    """

    nom: str
    certificat: Path
    adresse: str
    portail_base: str
    prise: Path
    ecoute: str = "443"


def juger(certificat: Path | None, nom: str, *, utc_ms: int | None) -> Verdict:
    """
    Say whether the box holds a certificate for a name.

    Args:
        certificat: the chain, the box's own first, PEM; its key beside it ends in `.key`.
        nom: the public name; empty when there is none.
        utc_ms: the best known true time, milliseconds since 1970 UTC; None when nobody told this boot the date.
    """
    try:
        feuille = _lire(certificat, nom)
        reste_ms = _reste_ms(feuille, nom, utc_ms)
    except _NonTenu as motif:
        return Verdict(tenu=False, phrase=str(motif))
    jours = reste_ms // MS_PAR_JOUR
    return Verdict(
        tenu=True, phrase=f"Certificat tenu, encore {jours} jour{'s' if jours > 1 else ''}.", reste_jours=jours
    )


def appliquer(dossier: Path, offre: Offre | None) -> bool:
    """
    Make the files say what is offered; without an offer they go away.

    Returns whether anything changed; the file `change` then tells whoever must read them again.
    """
    voulus = _fichiers(offre) if offre is not None else {}
    change = False
    for nom in (SITE, DHCP, HOTES):
        fichier, voulu = dossier / nom, voulus.get(nom)
        if voulu == (fichier.read_text(encoding="utf-8") if fichier.exists() else None):
            continue
        change = True
        if voulu is None:
            fichier.unlink()
        else:
            dossier.mkdir(parents=True, exist_ok=True)
            provisoire = fichier.with_suffix(".neuf")
            provisoire.write_text(voulu, encoding="utf-8")
            provisoire.rename(fichier)
    if change:
        (dossier / CHANGE).touch()
    return change


class _NonTenu(Exception):
    """Why the certificate is not offered."""


def _lire(certificat: Path | None, nom: str) -> x509.Certificate:
    """Read the box's own certificate and see that its key is here."""
    if not nom or certificat is None:
        raise _NonTenu("Pas de nom public : rien à offrir.")
    try:
        feuille = x509.load_pem_x509_certificates(certificat.read_bytes())[0]
        cle = serialization.load_pem_private_key(certificat.with_suffix(".key").read_bytes(), password=None)
    except (OSError, ValueError, TypeError, IndexError) as cause:
        raise _NonTenu(f"Certificat ou clé illisible ({type(cause).__name__}).") from cause
    if cle.public_key() != feuille.public_key():
        raise _NonTenu("La clé n'est pas celle du certificat.")
    return feuille


def _reste_ms(feuille: x509.Certificate, nom: str, utc_ms: int | None) -> int:
    """Return how long a certificate may still be offered under this name, milliseconds."""
    if not _porte(feuille, nom):
        raise _NonTenu(f"Le certificat n'est pas celui de {nom}.")
    if utc_ms is None:
        raise _NonTenu("La date de la boîte n'est pas sûre : le certificat attend.")
    if utc_ms < feuille.not_valid_before_utc.timestamp() * 1000:
        raise _NonTenu("Le certificat n'est pas encore valide.")
    reste_ms = int(feuille.not_valid_after_utc.timestamp() * 1000) - MARGE_MS - utc_ms
    if reste_ms <= 0:
        raise _NonTenu("Le certificat est fini, ou finit dans moins de deux heures.")
    return reste_ms


def _porte(feuille: x509.Certificate, nom: str) -> bool:
    """Say whether a certificate is for a name, as itself or as one star (RFC 9525)."""
    try:
        noms = feuille.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    etoile = "*." + nom.lower().partition(".")[2]
    return any(porte.lower() in (nom.lower(), etoile) for porte in noms.get_values_for_type(x509.DNSName))


def _fichiers(offre: Offre) -> dict[str, str]:
    """Return the text of each file."""
    ipaddress.ip_address(offre.adresse)
    site = f"""server {{
	listen {offre.ecoute} ssl;
	server_name {offre.nom};
	ssl_certificate {offre.certificat};
	ssl_certificate_key {offre.certificat.with_suffix(".key")};
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_session_tickets off;
	location = /captif {{
		proxy_pass http://unix:{offre.prise};
		proxy_pass_request_body off;
		proxy_set_header Host $host;
		proxy_set_header X-Real-IP $remote_addr;
		proxy_set_header X-Forwarded-For "";
		proxy_set_header Content-Length "";
		proxy_set_header X-Pirogue-Tls {offre.nom};
		proxy_read_timeout 5s;
	}}
	location / {{
		return 302 {offre.portail_base.rstrip("/")}$request_uri;
	}}
}}
"""
    return {SITE: site, DHCP: f"114,https://{offre.nom}/captif\n", HOTES: f"{offre.adresse} {offre.nom}\n"}
