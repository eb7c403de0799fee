"""The revisions of the shore's tables, in order; `base.ouvrir_moteur` applies those that a database lacks."""
