"""The chip in the header: where the data are, from facts alone."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from equipage import Horloge, preparer_bord
from pirogue_registre import ancres, base, envois, jeunes, journal
from pirogue_registre import flux as courants
from pirogue_registre.envois import Confirmation, RecuRefuse
from sync.quai import Quai, preparer_quai, sceller_par
from sync.recus_rendus import rendre_recu


class Puces(RuleBasedStateMachine):
    """A model that knows, for each line of both streams, whether it is useful, sealed, put somewhere, receipted."""

    def __init__(self) -> None:
        super().__init__()
        self.dossier = tempfile.TemporaryDirectory()
        chemin = Path(self.dossier.name)
        self.quai = preparer_quai(preparer_bord(chemin / "registre", Horloge()), chemin / "rive")
        self.registre = self.quai.bord.registre
        self.utile: dict[str, list[bool]] = {}
        self.lots: list[tuple[str, str, int, int]] = []
        self.depots: dict[str, set[str]] = {}
        self.couvert = dict.fromkeys(courants.FLUX, 0)
        self.serie = 0
        self.relever()

    def teardown(self) -> None:
        """Leave nothing behind."""
        base.fermer(self.registre)
        self.dossier.cleanup()

    def relever(self) -> None:
        """Read again which lines there are: every key of a name is useful, a technical event is not."""
        types = [un for (un,) in self.registre.db.execute("SELECT type FROM evenement ORDER BY seq")]
        personnes = self.registre.db.execute("SELECT count(*) FROM coffre").fetchone()[0]
        self.utile = {"activite": [un not in journal.TECHNIQUES for un in types], "identites": [True] * personnes}

    @rule(nombre=st.integers(1, 4))
    def noter(self, nombre: int) -> None:
        """The trainer counts heads: useful events."""
        for _ in range(nombre):
            journal.ecrire(
                self.registre, type="inconnu", valeurs={}, instant=self.quai.bord.horloge(), auteur="portail"
            )
        self.relever()

    @rule()
    def inscrire(self) -> None:
        """A newcomer: a name, hence a key."""
        bord = self.quai.bord
        commun = {"groupe_id": bord.groupe, "instant": bord.horloge(), "auteur": bord.rachelle}
        jeunes.inscrire_nouveau(self.registre, prenom="Sènan", sexe="nc", age="", **commun)
        self.relever()

    @rule()
    def confirmer_la_date(self) -> None:
        """A technical event."""
        horloge = self.quai.bord.horloge
        ancres.confirmer_date(
            self.registre, utc_ms=horloge.mur_ms, source="formateur", instant=horloge(), auteur="portail"
        )
        self.relever()

    @rule(taille=st.integers(1, 4))
    def sceller(self, taille: int) -> None:
        """Seal all, in small lots."""
        sceller_par(self.quai, taille)
        requete = "SELECT id, flux, premier, dernier FROM lot ORDER BY flux, premier"
        self.lots = [tuple(rangee) for rangee in self.registre.db.execute(requete)]

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), voie=st.sampled_from(envois.VOIES))
    def deposer(self, data: st.DataObject, voie: str) -> None:
        """Put some lots somewhere, or all of them."""
        tous = st.just(self.lots)
        for lot_id, *_ in data.draw(tous | st.lists(st.sampled_from(self.lots), min_size=1)):
            envois.noter_depot(self.registre, lot_id=lot_id, voie=voie, support="x", instant=self.quai.bord.horloge())
            self.depots.setdefault(lot_id, set()).add(voie)

    @precondition(lambda self: self.lots)
    @rule(data=st.data())
    def rapporter_un_recu(self, data: st.DataObject) -> None:
        """The shore confirms up to the end of a lot; lower than before is refused."""
        _, flux, _, dernier = data.draw(st.sampled_from(self.lots))
        self.serie += 1
        if dernier < self.couvert[flux]:
            with pytest.raises(RecuRefuse):
                rendre_recu(self.quai, flux=flux, jusqua=dernier, serie=self.serie)
            return
        assert rendre_recu(self.quai, flux=flux, jusqua=dernier, serie=self.serie)
        self.couvert[flux] = dernier
        envois.purger(self.registre, garder=1)

    def rang(self, flux: str) -> int:
        """Say how far the useful lines of a stream are: 0 aboard, 1 telephone, 2 stick, 3 network, 4 confirmed."""
        derniers = max((n for n, utile in enumerate(self.utile[flux], 1) if utile), default=0)
        rangs = [4]
        for n in range(self.couvert[flux] + 1, derniers + 1):
            voies = [self.depots.get(i, set()) for i, f, a, z in self.lots if f == flux and a <= n <= z]
            rangs.append(max((1 + envois.VOIES.index(voie) for voie in set().union(*voies)), default=0))
        return min(rangs)

    @invariant()
    def la_puce_dit_les_faits(self) -> None:
        """Compare with the model, line by line: the chip is the worse of the two streams."""
        codes = ("a_bord", "au_telephone", "sur_cle", "envoye", "confirme")

        assert envois.etat_puce(self.registre).code == codes[min(map(self.rang, courants.FLUX))]

    @invariant()
    def rien_n_est_purge_sans_recu(self) -> None:
        """I5: a lot without its bytes is covered, and the journal keeps every line."""
        purges = self.registre.db.execute("SELECT flux, dernier FROM lot WHERE corps IS NULL").fetchall()

        assert all(dernier <= self.couvert[flux] for flux, dernier in purges)
        assert journal.dernier(self.registre) == len(self.utile["activite"])


Puces.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestPuces = Puces.TestCase


def test_a_receipt_that_disagrees_with_the_journal_changes_nothing(quai: Quai) -> None:
    """Another chain, more than was sealed, a lower cover: refused; an old one: ignored."""
    sceller_par(quai, 3)
    assert rendre_recu(quai, jusqua=6, serie=5)

    with pytest.raises(RecuRefuse):
        rendre_recu(quai, jusqua=7, serie=6, h=bytes(32))
    with pytest.raises(RecuRefuse):
        rendre_recu(quai, jusqua=3, serie=6)
    with pytest.raises(RecuRefuse):
        rendre_recu(quai, jusqua=10_000, serie=6)
    assert not rendre_recu(quai, jusqua=3, serie=5)
    assert envois.couvert_jusqua(quai.bord.registre) == 6


def test_a_shore_rebuilt_from_its_archive_is_believed_again(quai: Quai) -> None:
    """It counts its receipts from one again; what they say of our own chain is true all the same."""
    sceller_par(quai, 3)
    assert rendre_recu(quai, jusqua=6, serie=50)

    assert not rendre_recu(quai, jusqua=6, serie=1)
    assert rendre_recu(quai, jusqua=9, serie=1)
    assert envois.couvert_jusqua(quai.bord.registre) == 9


def test_a_receipt_for_another_life_of_the_register_is_not_ours(quai: Quai) -> None:
    """The card was restored and is another life: old receipts do not turn the chip green."""
    sceller_par(quai, 1000)
    autre = Confirmation(incarnation="f" * 16, jusqua=1, h=bytes(32), serie=1, corps=b"")
    nouveau = envois.noter_recu(quai.bord.registre, autre)

    assert not nouveau
    assert envois.etat_puce(quai.bord.registre) == envois.A_BORD


def test_a_lot_is_never_half_sealed(quai: Quai) -> None:
    """The maker fails after some lots: those before are kept, and the next sealing goes on from there."""
    registre = quai.bord.registre

    def tomber(*_: object) -> envois.LotScelle:
        raise OSError("coupure")

    with pytest.raises(OSError, match="coupure"):
        envois.sceller_tout(registre, fabrique=tomber)
    sceller_par(quai, 2)
    requete = "SELECT premier, dernier FROM lot WHERE flux = 'activite' ORDER BY premier"
    bornes = registre.db.execute(requete).fetchall()

    assert [premier for premier, _ in bornes] == [1, *[dernier + 1 for _, dernier in bornes[:-1]]]
    assert bornes[-1][1] == journal.dernier(registre)
