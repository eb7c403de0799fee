"""
The poster as a PDF, one sheet of A4, with the letters of the screens.

What makes a PDF takes tens of megabytes: the portal has it done by a process that ends (`imprimer_a_part`).
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from pirogue_portail.affiche import Affiche, AfficheImpossible, qr_adresse, qr_wifi

if TYPE_CHECKING:
    import segno
    from fpdf import FPDF

POLICES = Path(__file__).parent / "static/polices"
#: A Pi 3 makes it in a few seconds.
ATTENTE_S = 60
#: One at a time: on a Pi the button is pressed again before the first sheet is there, and four would weigh more than
#: the portal may. Whoever waits holds one of its threads, so not for long.
TOUR, TOUR_S = Lock(), 15
# Millimetres.
LARGEUR, MARGE = 210, 18
UTILE = LARGEUR - 2 * MARGE
COTE_QR = 76
ENCRE, LAGUNE, SOLEIL = (10, 42, 63), (10, 61, 92), (255, 194, 75)


def imprimer(affiche: Affiche) -> bytes:
    """Return the PDF."""
    from fpdf import FPDF  # noqa: PLC0415 - tens of megabytes, for this page alone

    pdf = FPDF(format="A4")
    pdf.set_title(f"Affiche Wi-Fi {affiche.nom}")
    pdf.set_lang("fr")
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(MARGE)
    for style, graisse in (("", 400), ("B", 700)):
        pdf.add_font("andika", style, POLICES / f"andika-latin-{graisse}-normal.woff2")
        pdf.add_font("andika-ext", style, POLICES / f"andika-latin-ext-{graisse}-normal.woff2")
    pdf.set_fallback_fonts(["andika-ext"], exact_match=True)
    pdf.add_page()
    _bandeau(pdf)
    _pas(pdf, 1, "Choisis ce réseau Wi-Fi", affiche.nom)
    _pas(pdf, 2, "Écris cette clé", affiche.cle)
    _pas(pdf, 3, "Ouvre le navigateur et écris", affiche.adresse)
    _ligne(pdf, f"ou bien  {affiche.adresse_ip}", taille=26)
    _carres(pdf, affiche)
    return bytes(pdf.output())


def _bandeau(pdf: "FPDF") -> None:
    pdf.set_fill_color(*LAGUNE)
    pdf.rect(0, 0, LARGEUR, 30, style="F")
    pdf.set_fill_color(*SOLEIL)
    pdf.rect(0, 30, LARGEUR, 2.5, style="F")
    pdf.set_text_color(255, 255, 255)
    pdf.set_font("andika", "B", 34)
    pdf.set_y(8)
    pdf.cell(UTILE, 15, "Bienvenue à bord !", align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_y(38)


def _pas(pdf: "FPDF", rang: int, consigne: str, valeur: str) -> None:
    """Write one step: its number, what to do, and what to type, as large as the sheet allows."""
    haut = pdf.get_y()
    pdf.set_fill_color(*SOLEIL)
    pdf.ellipse(MARGE, haut + 1, 12, 12, style="F")
    pdf.set_text_color(*ENCRE)
    pdf.set_font("andika", "B", 24)
    pdf.set_xy(MARGE, haut + 1)
    pdf.cell(12, 12, str(rang), align="C")
    pdf.set_font("andika", "", 20)
    pdf.set_xy(MARGE + 16, haut + 1)
    pdf.cell(UTILE - 16, 12, consigne, new_x="LMARGIN", new_y="NEXT")
    _ligne(pdf, valeur, taille=46, style="B")
    pdf.set_y(pdf.get_y() + 5)


def _ligne(pdf: "FPDF", texte: str, *, taille: int, style: str = "") -> None:
    """Write a line that must be read whole: smaller letters until it fits, never cut nor folded."""
    pdf.set_text_color(*LAGUNE)
    pdf.set_font("andika", style, taille)
    while pdf.get_string_width(texte) > UTILE - 4 and taille > 8:
        taille -= 1
        pdf.set_font("andika", style, taille)
    pdf.cell(UTILE, taille * 0.46, texte, align="C", new_x="LMARGIN", new_y="NEXT")


def _carres(pdf: "FPDF", affiche: Affiche) -> None:
    """Draw both QR codes side by side at the foot of the sheet, and say what each does."""
    haut, milieu = 297 - MARGE - COTE_QR - 16, LARGEUR / 2
    pdf.set_text_color(*ENCRE)
    for gauche, qr, mots in (
        (MARGE + (milieu - MARGE - COTE_QR) / 2, qr_wifi(affiche), "Vise pour entrer dans le réseau"),
        (milieu + (milieu - MARGE - COTE_QR) / 2, qr_adresse(affiche), "Vise pour ouvrir la page"),
    ):
        _carre(pdf, qr, gauche, haut)
        pdf.set_font("andika", "B", 13)
        pdf.set_xy(gauche - 8, haut + COTE_QR + 1)
        pdf.cell(COTE_QR + 16, 8, mots, align="C")
    pdf.set_font("andika", "", 13)
    pdf.set_xy(MARGE, 297 - MARGE - 3)
    pdf.cell(UTILE, 8, "Ça ne marche pas ? Appelle ton formateur. Coupe les données mobiles du téléphone.", align="C")


def _carre(pdf: "FPDF", qr: "segno.QRCode", gauche: float, haut: float) -> None:
    """Draw one QR as black runs on the white sheet, its quiet zone included."""
    rangees = [bytes(rangee) for rangee in qr.matrix_iter(border=4)]
    pas = COTE_QR / len(rangees)
    pdf.set_fill_color(0, 0, 0)
    for y, rangee in enumerate(rangees):
        x = 0
        while x < len(rangee):
            fin = x
            while fin < len(rangee) and rangee[fin]:
                fin += 1
            if fin > x:
                pdf.rect(gauche + x * pas, haut + y * pas, (fin - x) * pas, pas, style="F")
            x = max(fin, x + 1)


def imprimer_a_part(affiche: Affiche) -> bytes:
    """
    Return the PDF, made by a process of its own; the key goes through its input, where no list of processes shows it.

    Raises:
        AfficheImpossible: that process failed, or another one is still at work.
    """
    if not TOUR.acquire(timeout=TOUR_S):
        raise AfficheImpossible("Une affiche est déjà en train de se faire.", geste="Attends, puis recommence.")
    try:
        fait = subprocess.run(
            [sys.executable, "-m", "pirogue_portail.affiche_pdf"],
            input=json.dumps(asdict(affiche)).encode(),
            capture_output=True,
            timeout=ATTENTE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as cause:
        raise AfficheImpossible("L'affiche n'a pas pu être faite.", geste="Imprime plutôt la page.") from cause
    finally:
        TOUR.release()
    return fait.stdout


if __name__ == "__main__":
    sys.stdout.buffer.write(imprimer(Affiche(**json.load(sys.stdin.buffer))))
