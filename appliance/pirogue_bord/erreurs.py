"""What may be missing to the box's body: root's helper, a place to tell what it sees, the wires."""

from pirogue_socle.erreurs import ErreurPirogue


class AideMuette(ErreurPirogue):
    """Root's helper for sticks, clock and power does not answer; nothing is known of what was asked."""

    geste = "Retire la clé, attends une minute, remets-la. Les données sont toujours à bord."
    code = 92


class CorpsAbsent(ErreurPirogue):
    """The machine is not a box: the configuration says no folder for what its body sees."""

    geste = "Sur la boîte, la page « bord » du fichier /etc/pirogue/pirogue.toml est écrite par l'installation."
    code = 93


class SansBroches(ErreurPirogue):
    """No chip of wires that we know, or its lines belong to somebody else: no button, no light."""

    geste = "Pour éteindre la boîte : page « État du bateau ». Les écrans disent tout ce que dit la lampe."
    code = 94
