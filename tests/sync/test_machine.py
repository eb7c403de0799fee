"""
Everything that may happen to the exchange, in any order: Hypothesis drives a boat, two sticks, a courier's phone, the
network and the shore through duplicates, damage, cuts, lost receipts and a card put back from a copy.

After every step: nothing ashore that the boat did not write (I2, I6), receipts and heads never go back and never say
more than what is there (I4), what was purged aboard is ashore (I5), a green chip tells the truth. At the end, after two
quiet journeys of a stick: every line that the boat holds is ashore once (I1), every lot that was ever handed over is
in a journal or set aside for a person, and a shore rebuilt from the raw lots in any order is the same (I3, I7).
"""

import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from equipage import Bord, Horloge, preparer_bord
from pirogue_echange import canonique, enveloppe, recu
from pirogue_echange import cles as trousseaux
from pirogue_echange import lot as lots
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.erreurs import LotInvalide
from pirogue_registre import base, connexions, envois, flux, jeunes, journal, presences, reglages
from pirogue_registre.base import Registre
from pirogue_rive import arrivees, recepisses, schema
from pirogue_rive import base as base_rive
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant
from pirogue_sync import arrivages, scellement
from pirogue_sync import cle as cle_bord
from sync.quai import Quai, nouvelle_rive, preparer_quai, vues

MIDI = Instant("rive", 1, 1_741_086_000_000)
CLES = st.integers(0, 1)
HASARD = st.integers(0, 2**32 - 1)
#: Memory is a disk that answers at once; what is durable is another test's affair.
MEMOIRE = "/dev/shm" if Path("/dev/shm").is_dir() else None


def lignes_de(registre: Registre, courant: str) -> list[bytes]:
    """Return every line of a stream that the boat holds."""
    return [ligne for _, ligne in flux.lignes(registre, courant, apres=0, limite=100_000)]


class Echange(RuleBasedStateMachine):
    """One boat, one shore, and everything between them."""

    def __init__(self) -> None:
        super().__init__()
        self.dossier = Path(tempfile.mkdtemp(dir=MEMOIRE))
        bord = preparer_bord(self.dossier / "registre", Horloge())
        self.quai: Quai = preparer_quai(bord, self.dossier / "rive")
        self.bord: Bord = bord
        self.trousseau = self.quai.trousseau
        self.rive = rives.ouvrir_rive(self.quai.config)
        self.annuaire = annuaire_de(self.quai.cles.carte)
        self.copie: Path | None = None
        self.telephone = b""
        self.ecrites: dict[tuple[str, str, int], set[bytes]] = {}
        self.remis: set[bytes] = set()
        self.tetes: dict[tuple[str, str], int] = {}
        for rang in (0, 1):
            (self.dossier / f"cle{rang}").mkdir()

    @initialize()
    def ouvrir_une_seance(self) -> None:
        """A class is on board."""
        self.seance = self.bord.ouvrir_seance()
        self.noter()

    # Aboard ---

    @rule(nombre=st.integers(1, 5), hasard=HASARD)
    def pointer(self, nombre: int, hasard: int) -> None:
        """Rachelle calls the roll."""
        tirage = random.Random(hasard)
        for _ in range(nombre):
            presences.pointer(
                self.registre,
                seance_id=self.seance,
                personne_id=tirage.choice((self.bord.afi, self.bord.koffi)),
                etat=tirage.choice(("present", "absent", "excuse")),
                instant=self.bord.horloge(),
                auteur=self.bord.rachelle,
            )
        self.noter()

    @rule()
    def embarquer(self) -> None:
        """Afi signs in."""
        connexions.ouvrir(self.registre, seance_id=self.seance, personne_id=self.bord.afi, instant=self.bord.horloge())
        self.noter()

    @rule()
    def inscrire(self) -> None:
        """Somebody new comes aboard: a name for the other stream."""
        jeunes.inscrire_nouveau(
            self.registre, prenom="Sèna", sexe="F", age="", groupe_id=self.bord.groupe,
            instant=self.bord.horloge(), auteur=self.bord.rachelle,
        )  # fmt: skip
        self.noter()

    @rule(jours=st.floats(-4000, 4000), repart=st.booleans())
    def derouter_l_horloge(self, jours: float, *, repart: bool) -> None:
        """The clock jumps, or the box restarts in 1970."""
        if repart:
            self.bord.horloge.redemarrer(mur_ms=0)
        else:
            self.bord.horloge.sauter(jours=jours)

    @rule()
    def sceller(self) -> None:
        """The box seals what it has."""
        self.sceller_tout()

    @rule()
    def copier_la_carte(self) -> None:
        """Somebody makes a copy of the SD card."""
        self.copie = self.dossier / "copie"
        shutil.rmtree(self.copie, ignore_errors=True)
        self.registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(self.registre.dossier, self.copie)

    @precondition(lambda self: self.copie is not None)
    @rule()
    def remettre_la_copie(self) -> None:
        """The card is worn: the old copy is put in, and the class goes on."""
        base.fermer(self.registre)
        shutil.rmtree(self.registre.dossier)
        assert self.copie is not None
        shutil.copytree(self.copie, self.registre.dossier)
        registre = base.ouvrir(self.registre.dossier)
        self.bord = Bord(registre, self.bord.horloge, *self.personnes())
        if registre.db.execute("SELECT 1 FROM seance WHERE seance_id = ?", (self.seance,)).fetchone() is None:
            self.seance = self.bord.ouvrir_seance()
        self.noter()

    # Roads ---

    @rule(cle=CLES)
    def cle_au_bateau(self, cle: int) -> None:
        """Dossou plugs a stick into the boat."""
        try:
            bilan = cle_bord.echanger(
                self.registre, dossier=self.dossier / f"cle{cle}", trousseau=self.trousseau,
                instant=self.bord.horloge(),
            )  # fmt: skip
        except ErreurPirogue as erreur:
            raise AssertionError(f"a plain stick was refused: {erreur}") from erreur
        montee = self.dossier / f"cle{cle}" / "PIROGUE" / "montee"
        for lot in envois.a_envoyer(self.registre):
            assert (montee / f"{lot.id}.lot").read_bytes() == lot.corps
        assert bilan.restants == envois.compter_a_envoyer(self.registre)[0]
        self.noter()

    @rule(cle=CLES)
    def cle_a_terre(self, cle: int) -> None:
        """The same stick at the shore."""
        dossier = self.dossier / f"cle{cle}"
        if (dossier / "PIROGUE" / "montee").is_dir():
            for fichier in (dossier / "PIROGUE" / "montee").glob("*.lot"):
                self.remettre(fichier.read_bytes())
            cle_rive.prendre_cle(self.rive, dossier=dossier, instant=MIDI)

    @rule(cle=CLES, hasard=HASARD)
    def abimer_la_cle(self, cle: int, hasard: int) -> None:
        """One file of the stick is changed, cut, spliced with another, doubled under another name, or lost."""
        tirage = random.Random(hasard)
        fichiers = sorted((self.dossier / f"cle{cle}").rglob("*.lot"))
        if not fichiers:
            return
        fichier = tirage.choice(fichiers)
        octets = bytearray(fichier.read_bytes())
        geste = tirage.randrange(5)
        if geste == 0 and octets:
            octets[tirage.randrange(len(octets))] ^= tirage.randrange(1, 256)
        elif geste == 1:
            del octets[tirage.randrange(len(octets) + 1) :]
        elif geste == 2:
            autre = tirage.choice(fichiers).read_bytes()
            octets[tirage.randrange(len(octets) + 1) :] = autre[tirage.randrange(len(autre) + 1) :]
        elif geste == 3:
            fichier.with_name(f"{tirage.randrange(16**32):032x}.lot").write_bytes(octets)
        else:
            fichier.unlink()
            return
        fichier.write_bytes(octets)

    @rule(cle=CLES)
    def perdre_les_recus(self, cle: int) -> None:
        """What came down is lost on the way."""
        shutil.rmtree(self.dossier / f"cle{cle}" / "PIROGUE" / "descente", ignore_errors=True)

    @rule(cle=CLES, genre=st.sampled_from(["relais", "rive"]))
    def glisser_un_faux(self, cle: int, genre: str) -> None:
        """A stranger who calls himself our boat, or our shore, leaves something on the stick."""
        ici = self.dossier / f"cle{cle}" / "PIROGUE"
        if genre == "relais":
            faux = trousseaux.faire("relais", id=self.quai.cles.carte.id, nom="Pirogue 1")
            lot = lots.sceller(
                [b'{"seq":1}'], premier=1, avant=canonique.ORIGINE, inc=self.incarnation, cles=faux,
                rive=self.quai.carte_rive, cree=0,
            )  # fmt: skip
            (ici / "montee").mkdir(parents=True, exist_ok=True)
            (ici / "montee" / f"{lot.id}.lot").write_bytes(lot.octets)
            return
        menteuse = trousseaux.faire("rive", id=self.quai.carte_rive.id, nom="Rive")
        dernier = journal.dernier(self.registre)
        faux_recu = recu.sceller(
            recu.Recu(
                rive=menteuse.carte.id, relais=self.quai.cles.carte.id, inc=self.incarnation, flux="activite",
                jusqua=dernier, h=canonique.enchainer(canonique.ORIGINE, lignes_de(self.registre, "activite")).hex(),
                ilots=(), serie=999, heure_ms=1,
            ),
            cles=menteuse,
        )  # fmt: skip
        (ici / "descente").mkdir(parents=True, exist_ok=True)
        (ici / "descente" / f"{faux_recu.id}.lot").write_bytes(faux_recu.octets)

    @rule(hasard=HASARD, coupe=st.booleans(), reponse=st.booleans())
    def appeler_la_rive(self, hasard: int, *, coupe: bool, reponse: bool) -> None:
        """By network: lots in any order, perhaps twice, perhaps cut; the answer may be lost."""
        self.sceller_tout()
        tirage = random.Random(hasard)
        partent = [lot.corps for lot in envois.a_envoyer(self.registre)]
        partent += tirage.choices(partent, k=tirage.randrange(3)) if partent else []
        tirage.shuffle(partent)
        if coupe and partent:
            partent = partent[: tirage.randrange(len(partent)) + 1]
            partent[-1] = partent[-1][: tirage.randrange(len(partent[-1]))]
        self.arriver(partent, voie="4g")
        if reponse:
            self.rentrer(recepisses.pour(self.rive, relais=self.quai.cles.carte.id, instant=MIDI))

    @rule()
    def charger_le_telephone(self) -> None:
        """Rachelle's phone takes the day; the one before is forgotten."""
        self.sceller_tout()
        self.telephone = b"".join(lot.corps for lot in envois.a_envoyer(self.registre))

    @rule(rapporte=st.booleans())
    def vider_le_telephone(self, *, rapporte: bool) -> None:
        """The phone reaches the shore, late or twice, and may bring the answer back."""
        lecteur = enveloppe.Lecteur(enveloppe.SourceOctets(self.telephone))
        suite = []
        while (prefixe := enveloppe.lire_prefixe(lecteur)) is not None:
            suite.append(prefixe.brut + lecteur.prendre(prefixe.entete.octets))
        self.arriver(suite, voie="telephone")
        if rapporte:
            self.rentrer(recepisses.pour(self.rive, relais=self.quai.cles.carte.id, instant=MIDI))

    # What holds at every step ---

    @invariant()
    def rien_a_terre_que_le_bateau_n_ait_ecrit(self) -> None:
        """I2 and I6, and I4: heads and chains."""
        a_terre = self.lignes_a_terre("activite")
        for (inc, seq), ligne in a_terre.items():
            assert ligne in self.ecrites[("activite", inc, seq)]
        for (inc, courant), (jusqua, h) in self.lire_tetes().items():
            assert jusqua >= self.tetes.get((inc, courant), 0)
            self.tetes[(inc, courant)] = jusqua
            if courant == "activite":
                chaine = canonique.enchainer(canonique.ORIGINE, (a_terre[(inc, seq)] for seq in range(1, jusqua + 1)))
                assert chaine.hex() == h

    @invariant()
    def ce_qui_est_purge_est_a_terre(self) -> None:
        """I5."""
        tetes = self.lire_tetes()
        requete = "SELECT incarnation, flux, max(dernier) FROM lot WHERE corps IS NULL GROUP BY incarnation, flux"
        for inc, courant, dernier in self.registre.db.execute(requete):
            assert tetes[(inc, courant)][0] >= dernier

    @invariant()
    def une_pastille_verte_dit_vrai(self) -> None:
        """« Confirmé à terre »: the shore has every line about people, as the boat has it."""
        if envois.etat_puce(self.registre).code != "confirme":
            return
        a_terre = self.lignes_a_terre("activite")
        for seq, ligne in enumerate(lignes_de(self.registre, "activite")[: journal.dernier_utile(self.registre)], 1):
            assert a_terre[(self.incarnation, seq)] == ligne

    def teardown(self) -> None:
        """Two quiet journeys later, all is where it must be."""
        try:
            self.voyager_tranquillement()
            self.verifier_la_fin()
        finally:
            base.fermer(self.registre)
            self.rive.moteur.dispose()
            shutil.rmtree(self.dossier, ignore_errors=True)

    def voyager_tranquillement(self) -> None:
        """A new stick goes to and fro; a restored card needs one journey more, to learn that it is one."""
        (self.dossier / "cle9").mkdir()
        for _ in range(4):
            self.cle_au_bateau(9)
            self.cle_a_terre(9)
        self.cle_au_bateau(9)

    def verifier_la_fin(self) -> None:
        """I1, I3, I7, and nothing dropped."""
        a_terre = self.lignes_a_terre("activite")
        for seq, ligne in enumerate(lignes_de(self.registre, "activite"), 1):
            assert a_terre[(self.incarnation, seq)] == ligne
        assert envois.etat_puce(self.registre).code == "confirme"
        with base_rive.lire(self.rive.moteur) as db:
            ranges = set(db.scalars(select(schema.lot.c.id)))
            gardes = {bytes(corps) for corps in db.scalars(select(schema.quarantaine.c.corps))}
        for octets in self.remis:
            assert lots.id_de(octets) in ranges or octets in gardes
        refaite = rives.ouvrir_rive(nouvelle_rive(self.quai.config, self.dossier / "refaite"))
        bruts = [chemin.read_bytes() for chemin in self.rive.bruts.rglob("*.lot")]
        random.Random(1).shuffle(bruts)
        for octets in bruts:
            arrivees.prendre(refaite, octets, voie="archive", instant=MIDI)
        try:
            assert vues(refaite) == vues(self.rive)
        finally:
            refaite.moteur.dispose()

    # Tools ---

    @property
    def registre(self) -> Registre:
        """The boat's register, the one that is in the box now."""
        return self.bord.registre

    @property
    def incarnation(self) -> str:
        """The present life of the register."""
        return reglages.lire(self.registre, "incarnation")

    def personnes(self) -> tuple[str, str, str, str]:
        """The cast."""
        return self.bord.rachelle, self.bord.groupe, self.bord.afi, self.bord.koffi

    def noter(self) -> None:
        """Remember every line that was ever written, under the life that it was written in."""
        for courant in flux.FLUX:
            for seq, ligne in enumerate(lignes_de(self.registre, courant), 1):
                self.ecrites.setdefault((courant, self.incarnation, seq), set()).add(ligne)

    def sceller_tout(self) -> None:
        """Seal both streams."""
        scellement.sceller(self.registre, cles=self.quai.cles, rive=self.quai.carte_rive, instant=self.bord.horloge())

    def remettre(self, octets: bytes) -> None:
        """Remember a good lot that is handed to the shore."""
        try:
            lots.authentifier(octets, annuaire=self.annuaire)
        except LotInvalide:
            return
        self.remis.add(octets)

    def arriver(self, suite: list[bytes], *, voie: str) -> None:
        """Hand lots to the shore."""
        for octets in suite:
            self.remettre(octets)
        arrivees.prendre_suite(self.rive, suite, voie=voie, instant=MIDI)

    def rentrer(self, recus: list[bytes]) -> None:
        """Bring receipts home."""
        for octets in recus:
            arrivages.prendre(self.registre, octets, trousseau=self.trousseau, instant=self.bord.horloge())
        self.noter()

    def lire_tetes(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Return how far each journal is whole ashore, and its chain there, by life and stream."""
        t = schema.avancee
        with base_rive.lire(self.rive.moteur) as db:
            rangees = db.execute(select(t.c.inc, t.c.flux, t.c.jusqua, t.c.h)).all()
        return {(inc, courant): (jusqua, h) for inc, courant, jusqua, h in rangees}

    def lignes_a_terre(self, courant: str) -> dict[tuple[str, int], bytes]:
        """Return every line that the shore holds, by life and number."""
        t = schema.lot
        with base_rive.lire(self.rive.moteur) as db:
            rangees = db.execute(select(t.c.inc, t.c.premier, t.c.cadre, t.c.clair).where(t.c.flux == courant)).all()
        return {
            (inc, seq): ligne
            for inc, premier, cadre, clair in rangees
            for seq, ligne in enumerate(lots.gonfler(bytes(cadre), clair).splitlines(), premier)
        }


TestEchange = Echange.TestCase
TestEchange.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
