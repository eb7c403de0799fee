"""Names have a stream of their own: one key per lot, opened by who may read names, by nobody else."""

import json
from pathlib import Path

import pytest

from pirogue_echange import age, etiquette
from pirogue_echange import cles as format_cles
from pirogue_echange import lot as lots
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.erreurs import CleManquante
from pirogue_echange.etiquette import Etiquette
from pirogue_registre import coffre, effacement, envois, reglages
from pirogue_rive import cle as cle_rive
from pirogue_rive.config import Rive
from pirogue_sync import cle as cle_bord
from pirogue_sync import scellement
from pirogue_sync.bilan import BilanEchange
from sync.quai import Quai, vivre_une_journee


def sceller(quai: Quai) -> list[envois.LotScelle]:
    """Seal everything; return what is to send."""
    scellement.sceller(quai.bord.registre, cles=quai.cles, rive=quai.carte_rive, instant=quai.bord.horloge())
    return list(envois.a_envoyer(quai.bord.registre))


def aller(quai: Quai, cle: Path) -> BilanEchange:
    """Plug the stick in the boat."""
    return cle_bord.echanger(quai.bord.registre, dossier=cle, trousseau=quai.trousseau, instant=quai.bord.horloge())


def ligne_de(quai: Quai, corps: bytes, identite: str) -> dict[str, object]:
    """Open one lot of names with an age identity; return its only line."""
    lot, charge = lots.authentifier(corps, annuaire=annuaire_de(quai.cles.carte))
    (ligne,) = lots.deballer(lot.entete, charge, identites=[identite]).splitlines()
    return dict(json.loads(ligne))


def test_each_lot_of_names_holds_one_key_that_the_shore_cannot_open(quai: Quai) -> None:
    """The offline key of names does; the shore's own does not."""
    hors_ligne = (quai.config.dossier / "identites.txt").read_text(encoding="utf-8")
    identite = next(mot for mot in hors_ligne.split() if mot.startswith("AGE-SECRET-KEY-1"))
    rive = format_cles.charger(quai.config.dossier / "cles.json")
    noms = [lot for lot in sceller(quai) if lot.flux == "identites"]
    lues = [ligne_de(quai, lot.corps, identite) for lot in noms]

    assert age.destinataire_de(identite) == quai.carte_rive.identites
    assert [ligne["seq"] for ligne in lues] == [1, 2, 3]
    assert {ligne["personne"] for ligne in lues} == {quai.bord.rachelle, quai.bord.afi, quai.bord.koffi}
    with pytest.raises(CleManquante):
        lots.ouvrir(noms[0].corps, annuaire=annuaire_de(quai.cles.carte), cles=rive)


def test_a_sealed_key_keeps_its_place_after_an_erasure_until_the_receipt(quai: Quai, rive: Rive, cle: Path) -> None:
    """It may be on a stick already: the chain holds, the shore takes it all, and nothing of it stays aboard."""
    registre = quai.bord.registre
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    effacement.effacer(
        registre,
        personne_id=quai.bord.afi,
        motif="demande_personne",
        instant=quai.bord.horloge(),
        auteur=quai.bord.rachelle,
    )
    aller(quai, cle)
    prise = cle_rive.prendre_cle(rive, dossier=cle, instant=quai.bord.horloge())
    retour = aller(quai, cle)
    restes = registre.db.execute("SELECT count(*) FROM lot WHERE flux = 'identites' AND corps IS NOT NULL").fetchone()[
        0
    ]

    assert prise.refuses == 0
    assert retour.puce == envois.CONFIRME
    assert restes == 0
    assert list((cle / "PIROGUE/montee").iterdir()) == []


def test_with_the_safe_closed_activity_leaves_and_names_wait(quai: Quai) -> None:
    """The box's key is missing: attendance is not held up, and the chip does not turn green."""
    vivre_une_journee(quai.bord)
    cle = quai.bord.registre.dossier / coffre.NOM_CLE
    octets = cle.read_bytes()
    cle.unlink()
    sans = {lot.flux for lot in sceller(quai)}
    cle.write_bytes(octets)
    avec = {lot.flux for lot in sceller(quai)}

    assert sans == {"activite"}
    assert avec == {"activite", "identites"}


def test_the_stick_is_called_by_the_number_painted_on_it(quai: Quai, cle: Path) -> None:
    """Signed by our shore: « clé n° 4 »; by a stranger, or changed: a stick without a number."""
    rive = format_cles.charger(quai.config.dossier / "cles.json")
    inconnue = format_cles.faire("rive", id="autre", nom="Autre", secours=quai.carte_rive.secours)
    bonne = etiquette.ecrire(Etiquette(4, "0123abcd", 8_000_000_000), rive)
    (cle / "PIROGUE").mkdir()
    noms = []
    for octets in (
        bonne,
        etiquette.ecrire(Etiquette(7, "0123abcd", 8_000_000_000), inconnue),
        bonne.replace(b'"numero": 4', b'"numero": 5'),
        b"{",
    ):
        (cle / "PIROGUE/cle.json").write_bytes(octets)
        noms.append(cle_bord.nom_de_la_cle(cle, quai.trousseau))
    (cle / "PIROGUE/cle.json").write_bytes(bonne)
    seance = vivre_une_journee(quai.bord)
    bilan = aller(quai, cle)
    (etat,) = [un for un in envois.etats_seances(quai.bord.registre) if un.seance_id == seance]

    assert noms == ["clé n° 4", *["clé sans numéro"] * 3]
    assert bilan.support == "clé n° 4"
    assert (etat.code, etat.support) == ("sur_cle", "clé n° 4")


def test_another_boats_lots_are_carried_and_counted(quai: Quai, rive: Rive, cle: Path) -> None:
    """They lie on the stick before and after, byte for byte, covered numbers or not."""
    vivre_une_journee(quai.bord)
    autre = format_cles.faire("relais", id="a" * 32, nom="Pirogue 2")
    lot = lots.sceller(
        [b"{}"],
        premier=1,
        avant=bytes(32),
        inc=reglages.lire(quai.bord.registre, "incarnation"),
        cles=autre,
        rive=quai.carte_rive,
        cree=0,
    )
    fichier = cle / "PIROGUE/montee" / f"{lot.id}.lot"
    fichier.parent.mkdir(parents=True)
    fichier.write_bytes(lot.octets)
    aller(quai, cle)
    cle_rive.prendre_cle(rive, dossier=cle, instant=quai.bord.horloge())
    retour = aller(quai, cle)

    assert retour.portes == 1
    assert fichier.read_bytes() == lot.octets
    assert retour.puce == envois.CONFIRME
