"""The chip in the header: where the data are, from facts alone."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from equipage import Horloge, preparer_bord
from pirogue_echange import canonique
from pirogue_registre import ancres, base, envois, journal, reglages
from pirogue_registre.envois import RecuRefuse
from sync.quai import Quai, preparer_quai, sceller_par


def rendre_recu(quai: Quai, *, jusqua: int, serie: int, h: bytes | None = None) -> bool:
    """Give the boat a receipt up to one event."""
    registre = quai.bord.registre
    lignes = [ligne for _, ligne in journal.lignes(registre, apres=0, limite=jusqua)]
    return envois.noter_recu(
        registre,
        incarnation=reglages.lire(registre, "incarnation"),
        jusqua=jusqua,
        h=h if h is not None else canonique.enchainer(canonique.ORIGINE, lignes),
        serie=serie,
        corps=b"",
    )


class Puces(RuleBasedStateMachine):
    """A model that knows, for each event, whether it is useful, sealed, put somewhere, receipted."""

    def __init__(self) -> None:
        super().__init__()
        self.dossier = tempfile.TemporaryDirectory()
        chemin = Path(self.dossier.name)
        self.quai = preparer_quai(preparer_bord(chemin / "registre", Horloge()), chemin / "rive")
        self.registre = self.quai.bord.registre
        types = [type_ for (type_,) in self.registre.db.execute("SELECT type FROM evenement ORDER BY seq")]
        self.utile = [type_ not in journal.TECHNIQUES for type_ in types]
        self.lots: list[tuple[str, int, int]] = []
        self.depots: dict[str, set[str]] = {}
        self.couvert = self.serie = 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        base.fermer(self.registre)
        self.dossier.cleanup()

    @rule(nombre=st.integers(1, 4))
    def noter(self, nombre: int) -> None:
        """The trainer counts heads: useful events."""
        for _ in range(nombre):
            journal.ecrire(
                self.registre, type="inconnu", valeurs={}, instant=self.quai.bord.horloge(), auteur="portail"
            )
            self.utile.append(True)

    @rule()
    def confirmer_la_date(self) -> None:
        """A technical event."""
        horloge = self.quai.bord.horloge
        ancres.confirmer_date(
            self.registre, utc_ms=horloge.mur_ms, source="formateur", instant=horloge(), auteur="portail"
        )
        self.utile.append(False)

    @rule(taille=st.integers(1, 4))
    def sceller(self, taille: int) -> None:
        """Seal all, in small lots."""
        sceller_par(self.quai, taille)
        requete = "SELECT id, premier, dernier FROM lot ORDER BY premier"
        self.lots = [tuple(rangee) for rangee in self.registre.db.execute(requete)]

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), voie=st.sampled_from(["cle", "4g"]))
    def deposer(self, data: st.DataObject, voie: str) -> None:
        """Put some lots somewhere."""
        for lot_id, _, _ in data.draw(st.lists(st.sampled_from(self.lots), min_size=1)):
            envois.noter_depot(self.registre, lot_id=lot_id, voie=voie, support="x", instant=self.quai.bord.horloge())
            self.depots.setdefault(lot_id, set()).add(voie)

    @precondition(lambda self: self.lots)
    @rule(data=st.data())
    def rapporter_un_recu(self, data: st.DataObject) -> None:
        """The shore confirms up to the end of a lot; lower than before is refused."""
        _, _, dernier = data.draw(st.sampled_from(self.lots))
        self.serie += 1
        if dernier < self.couvert:
            with pytest.raises(RecuRefuse):
                rendre_recu(self.quai, jusqua=dernier, serie=self.serie)
            return
        assert rendre_recu(self.quai, jusqua=dernier, serie=self.serie)
        self.couvert = dernier

    @invariant()
    def la_puce_dit_les_faits(self) -> None:
        """Compare with the model, event by event."""
        attente = [n for n, utile in enumerate(self.utile, 1) if utile and n > self.couvert]
        derniers = max((n for n, utile in enumerate(self.utile, 1) if utile), default=0)
        ou = [
            next((self.depots.get(i, set()) for i, premier, dernier in self.lots if premier <= n <= dernier), set())
            for n in range(self.couvert + 1, derniers + 1)
        ]
        if not attente:
            voulu = envois.CONFIRME
        elif not all(ou):
            voulu = envois.A_BORD
        else:
            voulu = envois.ENVOYE if all("4g" in depot for depot in ou) else envois.SUR_CLE

        assert envois.etat_puce(self.registre) == voulu


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
    nouveau = envois.noter_recu(quai.bord.registre, incarnation="f" * 16, jusqua=1, h=bytes(32), serie=1, corps=b"")

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
    bornes = registre.db.execute("SELECT premier, dernier FROM lot ORDER BY premier").fetchall()

    assert [premier for premier, _ in bornes] == [1, *[dernier + 1 for _, dernier in bornes[:-1]]]
    assert bornes[-1][1] == journal.dernier(registre)
