"""The lot: what one side seals only the other opens, and a changed byte never gets in."""

import base64
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from backports import zstd
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from pirogue_echange import age, canonique, entete, erreurs, lot, recu
from pirogue_echange import cles as trousseau
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Carte, Cles
from pirogue_echange.recu import Recu

IDENTITE_SECOURS, SECOURS = trousseau.faire_secours()
RIVE = trousseau.faire("rive", id="rive", nom="Rive", secours=SECOURS)
AUTRE_RIVE = trousseau.faire("rive", id="autre", nom="Autre rive", secours=SECOURS)
BATEAU = trousseau.faire("relais", id="bateau-1", nom="Pirogue 1")
INTRUS = trousseau.faire("relais", id="bateau-1", nom="Pirogue 1")
ANNUAIRE = annuaire_de(BATEAU.carte)
LIGNES = [json.dumps({"seq": n, "prenom": "Mèdessè ɖɛɔ"}, ensure_ascii=False).encode() for n in range(1, 40)]
INC = "0123456789abcdef"


def sceller(lignes: list[bytes] = LIGNES, *, cles: Cles = BATEAU, rive: Carte = RIVE.carte) -> lot.Lot:
    """Seal lines from the first number on."""
    return lot.sceller(lignes, premier=1, avant=canonique.ORIGINE, inc=INC, cles=cles, rive=rive, cree=0)


def ouvrir(octets: bytes) -> list[bytes]:
    """Open a lot as the shore does."""
    return lot.ouvrir(octets, annuaire=ANNUAIRE, cles=RIVE)[1]


def forger(charge: bytes, **champs: object) -> bytes:
    """Make a lot that the boat really signed, with a payload and header fields of our choice."""
    modele = replace(sceller().entete, **champs)
    return lot.assembler(modele, charge=charge, signataires=[BATEAU]).octets


def un_recu(**champs: object) -> Recu:
    """Return a receipt for five events."""
    bases = {"rive": "rive", "relais": "bateau-1", "inc": INC, "flux": "activite", "jusqua": 5, "h": "ab" * 32}
    return Recu(**(bases | {"ilots": ((8, 9),), "serie": 3, "heure_ms": 1} | champs))


BON = sceller().octets


def test_the_shore_opens_what_the_boat_sealed() -> None:
    """The day crosses whole, in order, with its letters."""
    ouvert, lignes = lot.ouvrir(BON, annuaire=ANNUAIRE, cles=RIVE)

    assert lignes == LIGNES
    assert (ouvert.signataire, ouvert.entete.premier, ouvert.entete.dernier) == ("bateau-1", 1, len(LIGNES))


def test_a_lot_shows_nothing_of_what_it_carries() -> None:
    """A stick that is found on the quay tells no name."""
    assert b"prenom" not in BON
    assert "Mèdessè".encode() not in BON


@settings(max_examples=400)
@given(rang=st.integers(0, len(BON) - 1), masque=st.integers(1, 255))
def test_a_lot_with_one_changed_byte_is_refused(rang: int, masque: int) -> None:
    """Wherever it is: header, signature line, separator, payload."""
    change = bytearray(BON)
    change[rang] ^= masque

    with pytest.raises(erreurs.LotInvalide):
        ouvrir(bytes(change))


def test_a_lot_cut_anywhere_is_refused() -> None:
    """A pulled stick or a cut link leaves a beginning; no beginning is a lot."""
    for longueur in range(len(BON)):
        with pytest.raises(erreurs.LotInvalide):
            ouvrir(BON[:longueur])


@given(st.binary(max_size=300), st.integers(0, len(BON)), st.integers(0, len(BON)))
def test_any_bytes_are_a_refusal_and_never_a_crash(intrus: bytes, debut: int, fin: int) -> None:
    """Splice anything anywhere: a sentence, nothing else."""
    octets = BON[:debut] + intrus + BON[fin:]
    if octets == BON:
        return

    with pytest.raises(erreurs.LotInvalide) as refus:
        ouvrir(octets)
    assert str(refus.value).endswith(".")


def test_something_after_the_end_is_refused() -> None:
    """A file is one lot."""
    with pytest.raises(erreurs.FormeInvalide):
        ouvrir(BON + b"x")


def test_another_boat_cannot_write_in_this_boats_name() -> None:
    """The card decides, not the name in the header."""
    with pytest.raises(erreurs.SignatureFausse):
        ouvrir(sceller(cles=INTRUS).octets)


def test_a_boat_cannot_sign_another_boats_journal() -> None:
    """A known relay is believed about itself only."""
    cousin = trousseau.faire("relais", id="bateau-2", nom="Pirogue 2")
    octets = lot.assembler(sceller().entete, charge=b"x", signataires=[cousin]).octets

    with pytest.raises(erreurs.SignataireInconnu):
        lot.ouvrir(octets, annuaire=annuaire_de(BATEAU.carte, cousin.carte), cles=RIVE)


def test_a_lot_for_another_shore_stays_closed() -> None:
    """It is carried, not read."""
    with pytest.raises(erreurs.CleManquante):
        ouvrir(sceller(rive=AUTRE_RIVE.carte).octets)


def test_nothing_is_sealed_without_a_recovery_key() -> None:
    """A shore that burns must not take two years of attendance with it."""
    with pytest.raises(erreurs.CleManquante):
        sceller(rive=replace(RIVE.carte, secours=""))


def test_the_recovery_key_alone_opens_a_lot() -> None:
    """The paper in the safe is worth the shore's key."""
    _, charge = lot.authentifier(BON, annuaire=ANNUAIRE)

    assert zstd.decompress(age.dechiffrer(charge, IDENTITE_SECOURS)) == b"\n".join(LIGNES) + b"\n"


def test_a_decompression_bomb_is_refused_in_little_memory() -> None:
    """300 MB in a few kilobytes, signed by a known boat: the header's size is the most that is ever inflated."""
    bombe = zstd.compress(bytes(300_000_000))
    charge = age.chiffrer(bombe, RIVE.carte.destinataires())
    octets = forger(charge, clair=entete.CLAIR_MAX)

    with pytest.raises(erreurs.ContenuAbime):
        ouvrir(octets)


def test_a_header_cannot_announce_more_than_the_caps() -> None:
    """The signature is good and it is still no."""
    for champs in ({"clair": entete.CLAIR_MAX + 1}, {"dernier": 1001}):
        with pytest.raises(erreurs.LotTropGros):
            ouvrir(forger(b"x", **champs))
    with pytest.raises(erreurs.LotTropGros):
        ouvrir(forger(os.urandom(entete.SCELLE_MAX + 1)))


def test_a_frame_that_asks_for_a_huge_window_is_refused() -> None:
    """128 MiB of window is memory that we do not have."""
    reglages = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    machine = zstd.ZstdCompressor(options=reglages)
    cadre = machine.compress(b"a") + machine.flush()

    with pytest.raises(erreurs.ContenuAbime):
        ouvrir(forger(age.chiffrer(cadre, RIVE.carte.destinataires()), clair=1))


def test_a_second_frame_behind_the_first_is_refused() -> None:
    """Some readers drop it in silence; we do not."""
    clair = b"\n".join(LIGNES) + b"\n"
    cadre = zstd.compress(clair) + zstd.compress(b"autre")

    with pytest.raises(erreurs.ContenuAbime):
        ouvrir(forger(age.chiffrer(cadre, RIVE.carte.destinataires())))


def test_a_lot_has_one_writing_only() -> None:
    """A second signature, even a good one, would make other bytes of the same lot."""
    modele = sceller()
    _, charge = lot.authentifier(modele.octets, annuaire=ANNUAIRE)
    for signataires in ([], [BATEAU, BATEAU], [BATEAU, INTRUS]):
        octets = lot.assembler(modele.entete, charge=charge, signataires=signataires or [BATEAU]).octets
        if not signataires:
            tete, suite = octets.split("— ".encode())
            octets = tete + suite[suite.index(b"---") :]

        with pytest.raises(erreurs.FormeInvalide):
            ouvrir(octets)


def test_a_receipt_comes_back_as_it_was_signed() -> None:
    """Who, up to where, which chain, what lies beyond a gap."""
    octets = recu.sceller(un_recu(), cles=RIVE).octets

    assert recu.ouvrir(octets, annuaire=annuaire_de(RIVE.carte)) == un_recu()


@settings(max_examples=200)
@given(rang=st.integers(0, 500), masque=st.integers(1, 255))
def test_a_receipt_with_one_changed_byte_is_refused(rang: int, masque: int) -> None:
    """Nobody turns the chip green but the shore."""
    change = bytearray(recu.sceller(un_recu(), cles=RIVE).octets)
    change[rang % len(change)] ^= masque

    with pytest.raises(erreurs.LotInvalide):
        recu.ouvrir(bytes(change), annuaire=annuaire_de(RIVE.carte))


def test_a_receipt_from_another_shore_or_from_a_boat_is_refused() -> None:
    """A stick that visited two shores brings back both receipts; only ours counts."""
    for menteur in (AUTRE_RIVE, BATEAU):
        octets = recu.sceller(un_recu(rive=menteur.carte.id), cles=menteur).octets
        with pytest.raises(erreurs.SignataireInconnu):
            recu.ouvrir(octets, annuaire=annuaire_de(RIVE.carte, BATEAU.carte))


def test_debian_tools_alone_open_a_lot(tmp_path: Path) -> None:
    """In ten years, without our code: tail, age, zstd, and openssl for the signature."""
    publique = BATEAU.carte.publique().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    tete, charge = BON.split(b"---\n", 1)
    texte, signature = tete.split("— ".encode())
    (tmp_path / "x.age").write_bytes(charge)
    (tmp_path / "cle.txt").write_text(IDENTITE_SECOURS + "\n", encoding="ascii")
    (tmp_path / "pub.pem").write_bytes(publique)
    (tmp_path / "texte").write_bytes(texte)
    (tmp_path / "sig").write_bytes(base64.b64decode(signature.split()[1])[4:])
    cadre = subprocess.run(["age", "-d", "-i", "cle.txt", "x.age"], cwd=tmp_path, capture_output=True, check=True)
    clair = subprocess.run(["zstd", "-d", "-c"], input=cadre.stdout, capture_output=True, check=True).stdout
    verifier = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin"]
    preuve = subprocess.run(
        [*verifier, "-in", "texte", "-sigfile", "sig"], cwd=tmp_path, capture_output=True, check=False
    )

    assert clair.splitlines() == LIGNES
    assert preuve.returncode == 0, preuve.stderr


def test_keys_are_kept_from_others_and_never_overwritten(tmp_path: Path) -> None:
    """0600, and a second pairing does not orphan what was sealed before."""
    chemin = tmp_path / "cles.json"
    trousseau.enregistrer(BATEAU, chemin)
    assert chemin.stat().st_mode & 0o777 == 0o600
    assert trousseau.charger(chemin) == BATEAU

    with pytest.raises(erreurs.ClesIllisibles):
        trousseau.enregistrer(INTRUS, chemin)
    chemin.chmod(0o644)
    with pytest.raises(erreurs.ClesIllisibles):
        trousseau.charger(chemin)


def test_two_screens_show_the_same_fingerprint_for_the_same_card_only() -> None:
    """Estelle and Rachelle read twelve letters to each other."""
    lue = trousseau.lire_carte(trousseau.ecrire_carte(BATEAU.carte))

    assert lue.empreinte == BATEAU.carte.empreinte
    assert lue.empreinte != INTRUS.carte.empreinte
    assert [len(groupe) for groupe in lue.empreinte.split("-")] == [4, 4, 4]


@given(st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b'{"pirogue":1}', b'{"pirogue":2}', b"[" * 5000]))
def test_a_card_that_is_not_one_is_a_sentence(octets: bytes) -> None:
    """The wrong file is picked on the stick: say it."""
    with pytest.raises(erreurs.ClesIllisibles):
        trousseau.lire_carte(octets)
