"""Who is believed by TLS, and what a certificate's dates are worth to a box that may not know the date."""

import ssl
from pathlib import Path

from pirogue_socle.erreurs import ConfigurationInvalide
from pirogue_sync.prise import Prise

#: OpenSSL's X509_V_FLAG_NO_CHECK_TIME: the chain and the name are checked, the dates are not.
_SANS_DATES = 0x200000
#: OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
ERREURS_DE_DATE = (9, 10)


def contexte(ca: Path | None, *, dates: bool = True) -> ssl.SSLContext:
    """
    Return what judges a certificate.

    Args:
        ca: file of the authority that is believed; None for those of the system.
        dates: judge its dates too, by the system's clock.

    Raises:
        ConfigurationInvalide: the file is not an authority's.
    """
    try:
        neuf = ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as cause:
        raise ConfigurationInvalide(f"Le fichier {ca} n'est pas celui d'une autorité de certificats.") from cause
    neuf.minimum_version = ssl.TLSVersion.TLSv1_2
    if not dates:
        neuf.verify_flags |= ssl.VerifyFlags(_SANS_DATES)
    return neuf


def dates_bonnes(prise: Prise, heure_ms: int | None) -> bool:
    """Say whether the certificate is good at a true time; without one, nothing can be said against it."""
    certificat = prise.tls.getpeercert() if prise.tls else None
    if heure_ms is None or certificat is None:
        return heure_ms is None
    debut, fin = (ssl.cert_time_to_seconds(str(certificat[nom])) for nom in ("notBefore", "notAfter"))
    return debut <= heure_ms / 1000 <= fin
