"""Draw the cost against the size, run by the bench's own environment: `tracer.py IMAGE < points.json`."""

import json
import sys

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COULEURS = {
    "notre échange": ("#0b6e4f", "o", 2.8),
    "csv.zip": ("#7a7a7a", "^", 1.4),
    "Kolibri": ("#8b3fa0", "s", 1.4),
    "un JSON par événement": ("#c77700", "D", 1.4),
    "rsync -z de la base": ("#b3261e", "v", 1.4),
}


def tracer(points: list[dict], lien: str, image: str) -> None:
    """Draw both panels: bytes, then seconds."""
    mpl.rcParams.update({"svg.hashsalt": "pirogue", "svg.fonttype": "none", "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    gauche, droite = figure.subplots(1, 2)
    _panneau(gauche, points, "octets", "Octets sur le fil, dans les deux sens")
    _panneau(droite, points, "secondes", f"Secondes ({lien})")
    gauche.set_yticks([1e4, 1e5, 1e6, 1e7], ["10 ko", "100 ko", "1 Mo", "10 Mo"])
    droite.set_yticks([1, 10, 60, 600], ["1 s", "10 s", "1 min", "10 min"])
    figure.legend(*gauche.get_legend_handles_labels(), loc="outside lower center", ncols=len(COULEURS), frameon=False)
    figure.suptitle("Ce que coûte l'envoi, de la séance au mois")
    figure.savefig(image, metadata={"Date": None})


def _panneau(axes: Axes, points: list[dict], champ: str, titre: str) -> None:
    for nom, (couleur, marque, largeur) in COULEURS.items():
        siens = [point for point in points if point["methode"] == nom and point[champ]]
        x, y = [point["evenements"] for point in siens], [point[champ] for point in siens]
        axes.plot(x, y, color=couleur, marker=marque, lw=largeur, label=nom)
    axes.set(xscale="log", yscale="log", title=titre, xlabel="événements")
    reperes = sorted({point["evenements"] for point in points if point[champ]})
    axes.set_xticks(reperes, [f"{un:,}".replace(",", " ") for un in reperes])
    axes.minorticks_off()
    axes.grid(visible=True, which="major", color="#dddddd", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    donnees = json.load(sys.stdin)
    tracer(donnees["points"], donnees["lien"], sys.argv[1])
