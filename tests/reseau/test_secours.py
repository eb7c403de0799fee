"""The rules of the network did not load: the class is held, and nothing goes out."""

from pathlib import Path

from reseau import internet
from reseau.lac import UID_SYNC, Lac, mettre_a_leau

REGLES = "etc/pirogue/secours.nft"


def fermer(lac: Lac) -> None:
    """Load the rules that stand while the others do not."""
    lac.nft("-f", str(lac.racine / REGLES))


def test_behind_the_shut_firewall_the_class_goes_on_and_nothing_leaves(tmp_path: Path) -> None:
    """An address, a name, the portal: that is a class. Neither a laptop nor the courier nor root reaches the world."""
    with mettre_a_leau(tmp_path) as lac:
        avant = lac.boite.telecharger(1000, adresse=internet.ADRESSE, uid=UID_SYNC)
        fermer(lac)
        afi = lac.poste("afi")
        noms = afi.nommer("pirogue.internal")
        portail = afi.aller("10.10.10.10", "/bienvenue", Host="pirogue.internal")
        dehors = {port: afi.essayer(internet.ADRESSE, port) for port in (80, 443)}
        courrier = [lac.boite.telecharger(1000, adresse=internet.ADRESSE, uid=uid) for uid in (UID_SYNC, 0)]

    assert avant == 1000
    assert "10.10.10.10" in noms
    assert portail.statut == 200
    assert "net" not in dehors.values()
    assert courrier == [0, 0]
