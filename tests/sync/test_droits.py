"""Who may sign what, and for how long: changes of keys, revocations, labels, requests, what comes down."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pirogue_echange import canonique, demande, descente, entete, erreurs, etiquette, lot, recu, rotation
from pirogue_echange import cles as trousseau
from pirogue_echange.annuaire import (
    Annuaire,
    Droit,
    annuaire_de,
    ecrire_droits,
    en_vigueur,
    lire_droits,
    retirer,
)
from pirogue_echange.cles import Cles
from pirogue_echange.descente import Descente
from pirogue_echange.etiquette import Etiquette
from pirogue_echange.recu import Recu
from pirogue_echange.rotation import Rotation

IDENTITE_SECOURS, SECOURS = trousseau.faire_secours()
CLE_DES_NOMS, NOMS = trousseau.faire_secours()
RIVE = trousseau.faire("rive", id="rive", nom="Rive", secours=SECOURS, identites=NOMS)
BATEAU = trousseau.faire("relais", id="bateau-1", nom="Pirogue 1")
NEUF = trousseau.faire("relais", id="bateau-1", nom="Pirogue 1")
COUSIN = trousseau.faire("relais", id="bateau-2", nom="Pirogue 2")
INC = "0123456789abcdef"
#: Half of a character: JSON reads it, UTF-8 cannot write it (found by `make fuzz`).
SANS_PAIRE = b'{"numero":1,"id":"\\ud800aaaaaaa","octets":1,"par":"rive","signature":""}'
LIGNES = [b'{"n":%d}' % n for n in range(1, 11)]


def sceller(cles: Cles = BATEAU, *, premier: int = 1, flux: str = "activite", inc: str = INC) -> bytes:
    """Seal ten lines."""
    avant = canonique.ORIGINE
    lot_ = lot.sceller(LIGNES, premier=premier, avant=avant, inc=inc, cles=cles, rive=RIVE.carte, cree=0, flux=flux)
    return lot_.octets


def apres_le_changement(etat: str, jusqua: int) -> Annuaire:
    """What the shore believes once the boat's first key is no longer in force."""
    anciens = retirer((Droit(BATEAU.carte),), etat=etat, limites={f"{INC}/activite": jusqua})
    return {"bateau-1": (Droit(NEUF.carte), *anciens)}


@pytest.mark.parametrize("etat", ["remplacee", "revoquee"])
def test_what_was_sealed_before_a_key_was_withdrawn_stays_good(etat: str) -> None:
    """The stick was under way when the keys changed."""
    annuaire = apres_le_changement(etat, 10)

    assert lot.ouvrir(sceller(), annuaire=annuaire, cles=RIVE)[1] == LIGNES
    assert lot.ouvrir(sceller(NEUF, premier=11), annuaire=annuaire, cles=RIVE)[1] == LIGNES


@pytest.mark.parametrize("etat", ["remplacee", "revoquee"])
def test_what_a_withdrawn_key_seals_afterwards_is_refused(etat: str) -> None:
    """The thief of the old boat goes on writing: later numbers, another life, another stream."""
    annuaire = apres_le_changement(etat, 10)

    for octets in (sceller(premier=11), sceller(premier=5), sceller(inc="f" * 16), sceller(flux="identites")):
        with pytest.raises(erreurs.CleRevoquee):
            lot.authentifier(octets, annuaire=annuaire)


def test_a_revoked_shore_gives_no_receipt_and_a_replaced_one_still_does() -> None:
    """A receipt under way says only what the boat can check; a stolen shore says nothing."""
    corps = Recu(rive="rive", relais="bateau-1", inc=INC, flux="activite", jusqua=1, h="ab" * 32, ilots=(), serie=1,
                 heure_ms=1)  # fmt: skip
    octets = recu.sceller(corps, cles=RIVE).octets
    remplacee = {"rive": (Droit(RIVE.carte, "remplacee"),)}

    assert recu.ouvrir(octets, annuaire=remplacee) == corps
    with pytest.raises(erreurs.CleRevoquee):
        recu.ouvrir(octets, annuaire={"rive": (Droit(RIVE.carte, "revoquee"),)})
    ordre = descente.sceller(Descente("config", "bateau-1", 1, ({},)), relais=BATEAU.carte, cles=RIVE, cree=0).octets
    with pytest.raises(erreurs.CleRevoquee):
        descente.ouvrir(ordre, annuaire=remplacee, cles=BATEAU)


def test_names_are_sealed_to_their_own_key() -> None:
    """The shore carries, checks and keeps the lot of names, and cannot read it; the key of names and the safe can."""
    octets = sceller(flux="identites")
    ouvert, charge = lot.authentifier(octets, annuaire=annuaire_de(BATEAU.carte))
    with pytest.raises(erreurs.CleManquante):
        lot.ouvrir(octets, annuaire=annuaire_de(BATEAU.carte), cles=RIVE)

    for identite in (CLE_DES_NOMS, IDENTITE_SECOURS):
        assert lot.deballer(ouvert.entete, charge, identites=[identite]).splitlines() == LIGNES
    assert RIVE.carte.age not in [*RIVE.carte.destinataires("identites")]
    with pytest.raises(erreurs.CleManquante):
        lot.sceller(LIGNES, premier=1, avant=canonique.ORIGINE, inc=INC, cles=BATEAU, cree=0, flux="identites",
                    rive=replace(RIVE.carte, identites=""))  # fmt: skip


def test_the_fingerprint_covers_the_key_of_names() -> None:
    """Whoever swaps that key on the road changes the letters on the screen."""
    _, autre = trousseau.faire_secours()

    assert replace(RIVE.carte, identites=autre).empreinte != RIVE.carte.empreinte


def test_keys_change_with_two_signatures() -> None:
    """The old key lets go, the new one takes hold."""
    change = Rotation(NEUF.carte, BATEAU.carte, "bateau-1", 1, {f"{INC}/activite": 10})
    octets = rotation.sceller(change, ancienne=BATEAU, nouvelle=NEUF, cree=0).octets

    assert rotation.ouvrir(octets, annuaire=annuaire_de(BATEAU.carte)) == change


def test_nobody_changes_the_keys_of_another_nor_with_one_hand() -> None:
    """Neither a cousin, nor the thief of the old key alone, nor who never had it."""
    annuaire = annuaire_de(BATEAU.carte, COUSIN.carte)
    change = Rotation(NEUF.carte, BATEAU.carte, "bateau-1", 1, {})
    seul = rotation.sceller(change, ancienne=BATEAU, nouvelle=BATEAU, cree=0).octets
    intrus = rotation.sceller(change, ancienne=NEUF, nouvelle=NEUF, cree=0).octets
    cousin = rotation.sceller(replace(change, relais="bateau-2"), ancienne=COUSIN, nouvelle=NEUF, cree=0).octets

    for octets in (seul, intrus, cousin):
        with pytest.raises(erreurs.LotInvalide):
            rotation.ouvrir(octets, annuaire=annuaire)


def test_what_comes_down_is_opened_by_its_relay_alone() -> None:
    """Settings for one boat, on a stick that visits three."""
    ordre = Descente("config", "bateau-1", 3, ({"budget_octets_jour": 5_000_000},))
    octets = descente.sceller(ordre, relais=BATEAU.carte, cles=RIVE, cree=0).octets
    annuaire = annuaire_de(RIVE.carte, COUSIN.carte)

    assert descente.ouvrir(octets, annuaire=annuaire, cles=BATEAU) == ordre
    with pytest.raises(erreurs.CleManquante):
        descente.ouvrir(octets, annuaire=annuaire, cles=COUSIN)
    faux = descente.sceller(ordre, relais=BATEAU.carte, cles=COUSIN, cree=0).octets
    with pytest.raises(erreurs.SignataireInconnu):
        descente.ouvrir(faux, annuaire=annuaire, cles=BATEAU)


def test_what_comes_down_must_fit_a_lot() -> None:
    """Say less at once."""
    gros = Descente("restauration", "bateau-1", 1, tuple({"x": trousseau.faire_secours()[0]} for _ in range(3000)))

    with pytest.raises(erreurs.LotTropGros):
        descente.sceller(gros, relais=BATEAU.carte, cles=RIVE, cree=0)


def test_a_label_is_believed_as_it_was_signed() -> None:
    """« Sur la clé n° 4 » is the four painted on the stick."""
    quatre = Etiquette(4, "0a1b2c3d", 8_000_000_000)
    octets = etiquette.ecrire(quatre, RIVE)
    annuaire = annuaire_de(RIVE.carte)

    assert etiquette.lire(octets, annuaire) == quatre
    with pytest.raises(erreurs.SignatureFausse):
        etiquette.lire(octets.replace(b'"numero": 4', b'"numero": 5'), annuaire)
    with pytest.raises(erreurs.SignataireInconnu):
        etiquette.lire(octets, annuaire_de(BATEAU.carte))


@given(
    st.binary(max_size=300)
    | st.sampled_from([b"{}", b"[]", b"[" * 5000, b'{"numero":1,"id":"x","octets":1}', SANS_PAIRE])
)
def test_a_label_that_is_not_one_is_a_sentence(octets: bytes) -> None:
    """Somebody wrote on the stick."""
    with pytest.raises(erreurs.LotInvalide):
        etiquette.lire(octets, annuaire_de(RIVE.carte))


def test_a_request_is_good_for_its_own_address_and_its_own_relay() -> None:
    """A boat's affairs are told to that boat."""
    adresse = f"/v1/relais/bateau-1/descente?inc={INC}&config=0"
    signe = demande.signer(BATEAU, adresse)
    annuaire = annuaire_de(BATEAU.carte, COUSIN.carte)

    assert demande.est_de("bateau-1", adresse, signe, annuaire=annuaire)
    assert not demande.est_de("bateau-1", adresse + "1", signe, annuaire=annuaire)
    assert not demande.est_de("bateau-2", adresse, signe, annuaire=annuaire)
    assert not demande.est_de("bateau-1", adresse, signe, annuaire=apres_le_changement("revoquee", 10))
    assert not demande.est_de("bateau-1", adresse, "é", annuaire=annuaire)


def test_what_is_believed_of_a_relay_is_kept_as_it_was() -> None:
    """The file of its cards comes back, and names the one in force."""
    droits = apres_le_changement("revoquee", 7)["bateau-1"]

    assert lire_droits(ecrire_droits(droits)) == droits
    assert en_vigueur(droits) == NEUF.carte
    assert en_vigueur(retirer(droits, etat="revoquee", limites={})) is None


@given(st.binary(max_size=200) | st.sampled_from([b"{}", b'{"pirogue":1,"cartes":[]}', b"[" * 5000, b'{"pirogue":2}']))
def test_a_file_of_cards_that_is_not_one_is_a_sentence(octets: bytes) -> None:
    """A damaged folder says so."""
    with pytest.raises(erreurs.ClesIllisibles):
        lire_droits(octets)


def test_every_kind_of_lot_is_signed_by_who_may() -> None:
    """A relay signs its own journal and its own change of keys; a shore signs all the rest."""
    modele = replace(lot.authentifier(sceller(), annuaire=annuaire_de(BATEAU.carte))[0].entete, dest=())
    permis = set()
    for genre in entete.GENRES:
        for cles in (BATEAU, RIVE):
            signataires = [cles, cles] if genre == "cles" else [cles]
            octets = lot.assembler(replace(modele, genre=genre), charge=b"x", signataires=signataires).octets
            try:
                lot.authentifier(octets, annuaire=annuaire_de(BATEAU.carte, RIVE.carte))
            except erreurs.SignataireInconnu:
                continue
            permis.add((genre, cles.carte.genre))

    assert {genre for genre, qui in permis if qui == "relais"} == {"journal", "cles"}
    assert {genre for genre, qui in permis if qui == "rive"} == set(entete.GENRES) - {"journal"}
