"""What the coordinator asked for, in a file that any editor may have written: taken, or explained; never fatal."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pirogue_socle import config as reglages
from pirogue_socle.premier import souhaits
from pirogue_socle.premier.souhaits import Souhaits

TEXTE = """nom_relais = Pirogue de Ganvié
type_relais = cooperative
rive_url = https://rive.exemple.org:8443
broche_lampe = 22
"""


def ecrit(dossier: Path, octets: bytes, nom: str = "pirogue.txt") -> Souhaits:
    """Write a file in the boot partition and read it as the box does."""
    dossier.mkdir(exist_ok=True)
    (dossier / nom).write_bytes(octets)
    trouve = souhaits.trouver(dossier)
    assert trouve is not None
    return souhaits.lire(trouve)


@pytest.mark.parametrize("codage", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("fin", ["\n", "\r\n"])
def test_whatever_the_editor_the_box_takes_its_name(tmp_path: Path, codage: str, fin: str) -> None:
    """Estelle's Notepad, Dossou's telephone, a Mac."""
    lu = ecrit(tmp_path, TEXTE.replace("\n", fin).encode(codage))

    assert lu.remarques == ()
    assert lu.textes == {
        "nom_relais": "Pirogue de Ganvié",
        "type_relais": "cooperative",
        "rive_url": "https://rive.exemple.org:8443",
    }
    assert lu.nombres == {"broche_lampe": 22}


@pytest.mark.parametrize("nom", ["pirogue.txt", "PIROGUE.TXT", "pirogue.toml", "Pirogue.txt.txt"])
def test_whatever_the_capitals_the_file_is_found(tmp_path: Path, nom: str) -> None:
    """Windows hides the end of names, and adds its own."""
    assert ecrit(tmp_path, b"nom_relais = Pirogue 7\n", nom).textes == {"nom_relais": "Pirogue 7"}


def test_without_a_file_nothing_is_asked_for(tmp_path: Path) -> None:
    """Other files of the partition are not ours."""
    (tmp_path / "config.txt").write_text("nom_relais = Pirogue 7\n")

    assert souhaits.trouver(tmp_path) is None
    assert souhaits.trouver(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("ligne", "attendu"),
    [
        ("bonjour", "« bonjour » n'a pas la forme « nom = valeur »."),
        ("couleur = bleu", "« couleur » n'est pas un réglage connu."),
        ("type_relais = bateau", "le type est pirogue, kiosque, cooperative, pas « bateau »."),
        ("nom_relais =", "le nom de la boîte a 1 à 40 lettres."),
        ("rive_url = rive", "« rive » n'est pas une adresse comme https://rive.exemple.org."),
        ("broche_bouton = 1", "« broche_bouton » est un nombre de 2 à 27."),
        ("broche_bouton = ²", "« broche_bouton » est un nombre de 2 à 27."),
        ("puce_gpio = a/b", "« a/b » n'est pas le nom d'une puce."),
    ],
)
def test_a_wrong_line_is_a_sentence_and_the_others_count(tmp_path: Path, ligne: str, attendu: str) -> None:
    """She reads on the screen which line, and what was expected."""
    lu = ecrit(tmp_path, f"# Boîte de Gbessou\n{ligne}\nnom_relais = Pirogue 7\n".encode())

    assert lu.remarques == (f"pirogue.txt, ligne 2 : {attendu}",)
    assert lu.textes == {"nom_relais": "Pirogue 7"}
    assert lu.nombres == {}


def test_quotes_of_any_kind_are_not_part_of_the_name(tmp_path: Path) -> None:
    """She copied the line from the guide."""
    assert ecrit(tmp_path, "nom_relais = « Pirogue 7 »\n".encode()).textes == {"nom_relais": "Pirogue 7"}
    assert ecrit(tmp_path, b'nom_relais = "Pirogue 7"\n').textes == {"nom_relais": "Pirogue 7"}


def test_a_line_written_twice_counts_once(tmp_path: Path) -> None:
    """And she is told."""
    lu = ecrit(tmp_path, b"nom_relais = Pirogue 7\nnom_relais = Pirogue 8\n")

    assert lu.textes == {"nom_relais": "Pirogue 7"}
    assert lu.remarques == ("pirogue.txt, ligne 2 : « nom_relais » est écrit deux fois : la première compte.",)


def test_a_film_is_not_read(tmp_path: Path) -> None:
    """A file that nobody typed is refused whole."""
    lu = ecrit(tmp_path, b"nom_relais = Pirogue 7\n" * 1000)

    assert lu == Souhaits(remarques=("pirogue.txt : ce fichier est trop gros, rien n'en a été pris.",))


@given(
    octets=st.binary(max_size=400)
    | st.text(max_size=200).map(lambda texte: f"nom_relais = {texte}".encode("utf-8", "replace"))
)
def test_whatever_the_file_says_the_box_starts_with_a_configuration_it_can_read(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes
) -> None:
    """What is written in `boite.toml` is always read back by every process, with the same values."""
    from pirogue_socle.premier import pieces
    from pirogue_socle.premier.lieux import Lieux

    racine = tmp_path_factory.mktemp("boite")
    for nom in ("donnees", "systeme", "systeme/premier", "amorce"):
        (racine / nom).mkdir()
    (racine / "pirogue.toml").write_text(
        'donnees = "donnees"\nterre = "terre"\nsysteme = "systeme"\namorce = "amorce"\n', encoding="utf-8"
    )
    (racine / "amorce/pirogue.txt").write_bytes(octets)
    pieces.dire_la_boite(Lieux(reglages.lire(racine / "pirogue.toml"), fstab=racine / "fstab"))
    relue = reglages.lire(racine / "pirogue.toml")
    voulu = souhaits.lire(racine / "amorce/pirogue.txt")

    assert relue.nom_relais == voulu.textes.get("nom_relais", "Pirogue 1")
    assert len(voulu.remarques) <= 6
