"""
`make fuzz`: hundreds of thousands of damaged lots, receipts, orders, labels and cards, each shown to its reader.

Accepted: a reader believed bytes that nobody signed. Unhandled: it raised something else than a refusal with a French
sentence. Both must stay at 0. A third of the mutants of lots are signed by the real boat after the damage (a sick
boat, or a thief with its keys): these reach the layers behind the signature.

Usage: python tests/fuzz/mutants.py NUMBER [SEED]
"""

import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from backports import zstd

from pirogue_echange import age, canonique, cles, descente, etiquette, lot, recu, rotation
from pirogue_echange.annuaire import Droit, annuaire_de, ecrire_droits, lire_droits
from pirogue_echange.descente import Descente
from pirogue_echange.etiquette import Etiquette
from pirogue_echange.recu import Recu
from pirogue_echange.rotation import Rotation
from pirogue_socle.erreurs import ErreurPirogue

INC = "0123456789abcdef"
RIVE = cles.faire("rive", id="rive", nom="Rive", secours=cles.faire_secours()[1], identites=cles.faire_secours()[1])
BATEAU = cles.faire("relais", id="bateau-1", nom="Pirogue 1")
NEUF = cles.faire("relais", id="bateau-1", nom="Pirogue 1")
ANNUAIRE = annuaire_de(RIVE.carte, BATEAU.carte)
LIGNES = [canonique.ecrire({"seq": n, "type": "presence_pointee", "valeurs": {"etat": "present"}}) for n in range(1, 9)]
#: Pieces that parsers trip over.
MORCEAUX = (
    b"", b"\n", b"---\n", b"\x00", b"\xff\xfe", b"9" * 400, b"-1", b"1e999", b"NaN", b"null", b"[" * 300, b'{"',
    b"pirogue-lot 1\n", "— ".encode(), b"A" * 5000, b"\xed\xa0\x80", b'"genre":"recepisse"', b"2" + b"0" * 30,
)  # fmt: skip


@dataclass(frozen=True)
class Cible:
    """A reader and bytes that it accepts."""

    nom: str
    lire: Callable[[bytes], object]
    bons: tuple[bytes, ...]


def preparer() -> tuple[Cible, ...]:
    """Return every reader of bytes that come from outside, with good bytes for each."""
    journal = [
        lot.sceller(LIGNES, premier=premier, avant=canonique.ORIGINE, inc=INC, cles=BATEAU, rive=RIVE.carte, cree=0)
        for premier in (1, 9)
    ]
    corps = Recu(rive="rive", relais="bateau-1", inc=INC, flux="activite", jusqua=5, h="ab" * 32, ilots=((8, 9),),
                 serie=3, heure_ms=1)  # fmt: skip
    ordre = Descente("config", "bateau-1", 1, ({"nom": "Pirogue 1"}, {"n": 2}))
    change = Rotation(NEUF.carte, BATEAU.carte, "bateau-1", 1, {f"{INC}/activite": 10})
    receptions = (
        *(un.octets for un in journal),
        recu.sceller(corps, cles=RIVE).octets,
        descente.sceller(ordre, relais=BATEAU.carte, cles=RIVE, cree=0).octets,
        rotation.sceller(change, ancienne=BATEAU, nouvelle=NEUF, cree=0).octets,
    )
    etiquettes = etiquette.ecrire(Etiquette(4, "0a1b2c3d", 10**9), RIVE)
    return (
        Cible("lot", lambda octets: lot.ouvrir(octets, annuaire=ANNUAIRE, cles=RIVE), receptions),
        Cible("recu", lambda octets: recu.ouvrir(octets, annuaire=ANNUAIRE), receptions),
        Cible("descente", lambda octets: descente.ouvrir(octets, annuaire=ANNUAIRE, cles=BATEAU), receptions),
        Cible("rotation", lambda octets: rotation.ouvrir(octets, annuaire=ANNUAIRE), receptions),
        Cible("etiquette", lambda octets: etiquette.lire(octets, ANNUAIRE), (etiquettes,)),
        Cible("carte", _carte_signee, (cles.ecrire_carte(BATEAU.carte),)),
        Cible("droits", _droits_signes, (ecrire_droits([Droit(BATEAU.carte)]),)),
    )


def _carte_signee(octets: bytes) -> object:
    """A card is not signed: two people compare its fingerprint, so one that shows the same letters is the same."""
    lue = cles.lire_carte(octets)
    if lue.empreinte != BATEAU.carte.empreinte:
        raise ErreurPirogue("Les deux écrans ne montrent pas les mêmes lettres.", geste="N'accepte pas.")
    return None


def _droits_signes(octets: bytes) -> object:
    """The shore's own file: only its form is read."""
    lire_droits(octets)
    return None


def muter(bon: bytes, autres: tuple[bytes, ...], hasard: random.Random) -> bytes:
    """Return bytes changed in one to three ways."""
    octets = bytearray(bon)
    for _ in range(hasard.choice((1, 1, 1, 2, 3))):
        rang = hasard.randrange(len(octets) + 1)
        fin = min(len(octets), rang + hasard.choice((1, 2, 4, 16, 300)))
        geste = hasard.randrange(8)
        if geste == 0 and octets:
            octets[min(rang, len(octets) - 1)] ^= hasard.randrange(1, 256)
        elif geste == 1:
            del octets[rang:]
        elif geste == 2:
            octets[rang:rang] = octets[rang:fin]
        elif geste == 3:
            autre = hasard.choice(autres)
            coupe = hasard.randrange(len(autre) + 1)
            octets[rang:] = autre[coupe:]
        elif geste == 4:
            octets[rang:fin] = hasard.choice(MORCEAUX)
        elif geste == 5:
            octets[rang:fin] = hasard.randbytes(fin - rang)
        elif geste == 6:
            lignes = bytes(octets).split(b"\n")
            un, deux = hasard.randrange(len(lignes)), hasard.randrange(len(lignes))
            lignes[un], lignes[deux] = lignes[deux], lignes[un]
            octets = bytearray(b"\n".join(lignes))
        else:
            octets += hasard.choice((b"x", b"\n", bytes(octets[:rang])))
    return bytes(octets)


def malade(hasard: random.Random) -> bytes:
    """Return a lot damaged before the real boat signed it: frame, payload or header fields."""
    clair = b"\n".join(LIGNES) + b"\n"
    sorte = hasard.randrange(4)
    if sorte == 0:
        clair = muter(clair, (clair,), hasard)
    cadre = zstd.compress(clair)
    if sorte == 1:
        cadre = muter(cadre, (cadre,), hasard)
    charge = age.chiffrer(cadre, RIVE.carte.destinataires())
    if sorte == 2:
        charge = muter(charge, (charge,), hasard)
    modele = lot.sceller(
        LIGNES, premier=1, avant=canonique.ORIGINE, inc=INC, cles=BATEAU, rive=RIVE.carte, cree=0
    ).entete
    if sorte == 3:
        champ = hasard.choice(("premier", "dernier", "clair", "schema", "avant", "apres", "dest"))
        faux = {"dest": modele.dest[:1], "avant": "f" * 64, "apres": "0" * 64}.get(champ) or hasard.choice((0, 2**40))
        modele = replace(modele, **{champ: faux})
    return lot.assembler(modele, charge=charge, signataires=[BATEAU]).octets


def essayer(nombre: int, graine: int) -> Counter[str]:
    """Show `nombre` mutants to their readers; return how many were refused, accepted, unhandled, unchanged."""
    hasard = random.Random(graine)
    cibles = preparer()
    malades = [malade(hasard) for _ in range(max(1, nombre // 20))]
    compte: Counter[str] = Counter()
    for _ in range(nombre):
        cible = cibles[min(int(hasard.expovariate(0.6)), len(cibles) - 1)]
        if cible.nom == "lot" and hasard.random() < 0.33:
            mutant, bons = hasard.choice(malades), ()
        else:
            mutant, bons = muter(hasard.choice(cible.bons), cible.bons, hasard), cible.bons
        if mutant in bons:
            compte["inchanges"] += 1
            continue
        compte[juger(cible, mutant, graine)] += 1
    return compte


def juger(cible: Cible, mutant: bytes, graine: int) -> str:
    """Return what a reader did of a mutant: `refuses`, `acceptes` or `imprevus`; a file is left for the last two."""
    try:
        lu = cible.lire(mutant)
    except ErreurPirogue as refus:
        if str(refus).endswith(".") and refus.geste:
            return "refuses"
        sort = "imprevus"
    except Exception as panne:  # noqa: BLE001 - this is what the whole program looks for
        print(f"{cible.nom} : {type(panne).__name__} {panne}", file=sys.stderr)
        sort = "imprevus"
    else:
        if lu is None or _est_le_bon_journal(lu):
            return "sans_effet"
        sort = "acceptes"
    Path(f"mutant-{cible.nom}-{graine}.bin").write_bytes(mutant)
    return sort


def _est_le_bon_journal(lu: object) -> bool:
    """A sick boat may by chance be well: what was read is then what it wrote."""
    return isinstance(lu, tuple) and lu[1] == LIGNES and lu[0].entete.premier == 1


def tous(nombre: int, graine: int) -> Counter[str]:
    """Share the mutants between the cores; return the sums."""
    coeurs = os.cpu_count() or 1
    parts = [(nombre // coeurs + (rang < nombre % coeurs), graine + rang) for rang in range(coeurs)]
    with multiprocessing.get_context("fork").Pool(coeurs) as equipe:
        return sum(equipe.starmap(essayer, parts), Counter())


def main() -> None:
    """Run, print, leave the figures in artefacts/echange/mutants.json; exit 1 if one mutant got through."""
    nombre = int(sys.argv[1])
    graine = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**31)
    debut = time.perf_counter()
    compte = tous(nombre, graine)
    figures = {nom: compte[nom] for nom in ("refuses", "sans_effet", "inchanges", "acceptes", "imprevus")}
    figures |= {"graine": graine, "secondes": round(time.perf_counter() - debut, 1)}
    print(" · ".join(f"{nom} {valeur}" for nom, valeur in figures.items()))
    dossier = Path("artefacts/echange")
    dossier.mkdir(parents=True, exist_ok=True)
    (dossier / "mutants.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if compte["acceptes"] or compte["imprevus"] else 0)


if __name__ == "__main__":
    main()
