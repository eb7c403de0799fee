"""Numbers kept beside the rows that they tell of, so that nothing is counted again at each arrival or page."""

from sqlalchemy import Connection, select

from pirogue_rive import schema

#: How often the views were rebuilt: what was counted from the old ones is not believed any more.
REJEUX = "rejeux"


def lire(db: Connection, nom: str) -> int:
    """Return a number, 0 if it was never touched."""
    t = schema.jauge
    return db.scalar(select(t.c.valeur).where(t.c.nom == nom)) or 0


def ajouter(db: Connection, nom: str, valeur: int) -> None:
    """Add to a number, in the caller's transaction."""
    requete = schema.inserer(db, schema.jauge).values(nom=nom, valeur=valeur)
    plus = {"valeur": schema.jauge.c.valeur + requete.excluded.valeur}
    db.execute(requete.on_conflict_do_update(index_elements=["nom"], set_=plus))
