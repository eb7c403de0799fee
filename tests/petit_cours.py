"""A whole course in a few lines, for the tests that change or break one."""

from pathlib import Path

SOMMAIRE = """\
id: petit-cours
titre: Petit cours
resume: Un cours pour essayer.
langue: fr
licence: CC-BY-SA-4.0
version: 1
parcours:
  - { code: debut, titre: Le début }
  - { code: suite, titre: La suite }
modules:
  - code: M1
    titre: Le filet
    parcours: debut
    duree_min: 120
    objectifs: ["Réparer un filet"]
    prete: true
    ressources:
      - { cle: filet, genre: lecon, fichier: M1/filet.md }
      - { cle: quiz-filet, genre: quiz, fichier: M1/quiz.yml }
      - { cle: notes-filet, genre: note, fichier: M1/notes.md }
  - code: M2
    titre: La pirogue
    parcours: suite
    duree_min: 60
    objectifs: ["Ramer droit"]
"""
LECON = """\
---
titre: Le filet
duree_min: 5
audio: filet
---
Le filet **attrape** *les* poissons.

![Un filet](../images/filet.svg)
"""
NOTE = """\
---
titre: Notes du formateur
duree_min: 10
---
Montre le noeud deux fois.
"""
QUIZ = """\
titre: Quiz du filet
questions:
  - cle: trou
    question: Le filet a un trou.
    indice: Il y a du fil.
    choix:
      - { texte: Je répare., juste: true }
      - { texte: Je jette., explication: Un filet se répare. }
  - cle: poisson
    question: Que prend le filet ?
    image: ../images/filet.svg
    image_texte: Un filet
    indice: Il nage.
    choix:
      - { texte: Le poisson., juste: true, explication: Oui. }
      - { texte: Le soleil., explication: Il est trop haut. }
"""
IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><path d="M0 0H64V32Z"/></svg>\n'

FICHIERS = {
    "parcours.yml": SOMMAIRE,
    "M1/filet.md": LECON,
    "M1/notes.md": NOTE,
    "M1/quiz.yml": QUIZ,
    "images/filet.svg": IMAGE,
}


def ecrire_cours(dossier: Path) -> Path:
    """Write the little course and return its folder."""
    for nom, contenu in FICHIERS.items():
        chemin = dossier / nom
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_text(contenu, encoding="utf-8")
    return dossier


def remplacer(dossier: Path, nom: str, avant: str, apres: str) -> None:
    """Change one passage, which must be there, of one file of the course."""
    chemin = dossier / nom
    texte = chemin.read_text(encoding="utf-8")
    assert avant in texte
    chemin.write_text(texte.replace(avant, apres), encoding="utf-8")
