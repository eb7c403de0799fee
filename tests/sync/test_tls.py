"""TLS to the shore, by a box that may not know the date: the dates may be left unchecked, nothing else ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from equipage import HUIT_HEURES_MS, Horloge
from pirogue_registre import ancres, envois
from pirogue_socle.erreurs import ConfigurationInvalide
from pirogue_sync import quatre_g
from pirogue_sync.bilan import BilanEchange
from pirogue_sync.lien import DATES_NON_VERIFIEES, PasDeRecu
from pirogue_sync.quatre_g import Reseau
from sync.certificats import Autorite, Certificat, signer_soi_meme
from sync.facade import Facade
from sync.quai import Quai, vivre_une_journee
from sync.serveurs import Serveur


@pytest.fixture
def base_rive() -> str:
    """The shore keeps a file: TLS does not care about its engine."""
    return ""


@pytest.fixture
def autorite(tmp_path: Path) -> Autorite:
    """Who signs the shore's certificate."""
    return Autorite(tmp_path / "autorite")


@pytest.fixture
def en_1970(quai: Quai, horloge: Horloge) -> Iterator[Quai]:
    """A boat that was switched on without a clock, with a session to send."""
    vivre_une_journee(quai.bord)
    horloge.redemarrer(mur_ms=0)
    yield quai
    assert not quai.bord.registre.db.in_transaction


def appeler(quai: Quai, serveur: Serveur, *, certificat: Certificat, ca: Path, hote: str = "localhost") -> BilanEchange:
    """Call the shore behind nginx with this certificate."""
    dossier = quai.config.dossier.parent / f"nginx{serveur.port}"
    with Facade(dossier, service=serveur.port, certificat=certificat) as facade:
        return quatre_g.echanger(
            quai.bord.registre,
            url=facade.url.replace("localhost", hote),
            trousseau=quai.trousseau,
            instant=quai.bord.horloge(),
            reseau=Reseau(ca=ca, essais=1),
        )


def test_a_certificate_of_our_authority_is_believed(quai: Quai, serveur: Serveur, autorite: Autorite) -> None:
    """The ordinary day: dates and all; nothing to say about it."""
    vivre_une_journee(quai.bord)
    rendu = appeler(quai, serveur, certificat=autorite.signer(), ca=autorite.ca)

    assert rendu.puce.code == "confirme"
    assert rendu.remarques == ()


@pytest.mark.parametrize(
    ("debut", "fin"), [("20900101", "20991231"), ("20000101", "20010101")], ids=["pas_encore", "plus"]
)
def test_a_box_without_a_date_does_not_judge_dates(
    en_1970: Quai, serveur: Serveur, autorite: Autorite, debut: str, fin: str
) -> None:
    """For the machine's clock the certificate begins in the future, or is over; the box says what it left unchecked."""
    rendu = appeler(en_1970, serveur, certificat=autorite.signer(debut=debut, fin=fin), ca=autorite.ca)

    assert rendu.puce.code == "confirme"
    assert DATES_NON_VERIFIEES in rendu.remarques
    assert ancres.lire(en_1970.bord.registre)[en_1970.bord.horloge.boot_id].source == "rive"


def test_a_box_that_knows_the_date_refuses_a_certificate_out_of_date(
    quai: Quai, serveur: Serveur, autorite: Autorite
) -> None:
    """Rachelle confirmed the date: a certificate that is over is over."""
    vivre_une_journee(quai.bord)
    with pytest.raises(PasDeRecu) as refus:
        appeler(quai, serveur, certificat=autorite.signer(debut="20000101", fin="20010101"), ca=autorite.ca)

    assert "certificat" in str(refus.value)
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def test_a_box_that_knows_the_date_better_than_its_system_judges_by_it(
    quai: Quai, serveur: Serveur, autorite: Autorite
) -> None:
    """Good in March 2025 only: the system's clock refuses it, the confirmed date accepts it, nothing is unchecked."""
    vivre_une_journee(quai.bord)
    assert ancres.estimer_maintenant(quai.bord.registre, instant=quai.bord.horloge()) >= HUIT_HEURES_MS
    rendu = appeler(quai, serveur, certificat=autorite.signer(debut="20250301", fin="20250401"), ca=autorite.ca)

    assert rendu.puce.code == "confirme"
    assert DATES_NON_VERIFIEES not in rendu.remarques


@pytest.mark.parametrize("dates", [("20200101", "20991231"), ("20900101", "20991231")], ids=["bonnes", "futures"])
@pytest.mark.parametrize("faute", ["autre_nom", "autre_autorite", "seul"])
def test_without_a_date_nothing_else_is_relaxed(
    en_1970: Quai, serveur: Serveur, autorite: Autorite, tmp_path: Path, faute: str, dates: tuple[str, str]
) -> None:
    """A wrong name, an unknown authority, a certificate that signed itself: refused, whatever their dates."""
    debut, fin = dates
    certificat = {
        "autre_nom": lambda: autorite.signer(nom="portail.operateur", debut=debut, fin=fin),
        "autre_autorite": lambda: Autorite(tmp_path / "autre").signer(debut=debut, fin=fin),
        "seul": lambda: signer_soi_meme(tmp_path),
    }[faute]()
    with pytest.raises(PasDeRecu) as refus:
        appeler(en_1970, serveur, certificat=certificat, ca=autorite.ca)

    assert "certificat" in str(refus.value)
    assert envois.etat_puce(en_1970.bord.registre).code == "a_bord"


def test_the_systems_authorities_do_not_know_ours(en_1970: Quai, serveur: Serveur, autorite: Autorite) -> None:
    """Without `rive_ca` only public authorities are believed; a file that is none is a sentence."""
    with Facade(autorite.ca.parent / "n", service=serveur.port, certificat=autorite.signer()) as facade:
        ouverture = {"trousseau": en_1970.trousseau, "instant": en_1970.bord.horloge()}
        with pytest.raises(PasDeRecu):
            quatre_g.echanger(en_1970.bord.registre, url=facade.url, **ouverture)
        with pytest.raises(ConfigurationInvalide):
            quatre_g.echanger(en_1970.bord.registre, url=facade.url, reseau=Reseau(ca=Path("/absent.pem")), **ouverture)


def test_a_network_that_speaks_no_tls_is_a_sentence(en_1970: Quai, serveur: Serveur) -> None:
    """A captive portal answers in clear on the port of TLS."""
    with pytest.raises(PasDeRecu) as refus:
        quatre_g.echanger(
            en_1970.bord.registre,
            url=f"https://localhost:{serveur.port}",
            trousseau=en_1970.trousseau,
            instant=en_1970.bord.horloge(),
        )

    assert str(refus.value).endswith(".")
