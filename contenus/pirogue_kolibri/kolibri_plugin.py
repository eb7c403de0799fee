"""What Kolibri loads: our views at its root, the way back to the portal on every page."""

from django.templatetags.static import static
from django.utils.html import format_html
from kolibri.core.hooks import FrontEndBaseHeadHook, LogoutRedirectHook
from kolibri.plugins import KolibriPluginBase
from kolibri.plugins.hooks import register_hook
from kolibri.utils.conf import OPTIONS


class Pirogue(KolibriPluginBase):
    """The plugin: root views and the `[Pirogue]` options."""

    root_view_urls = "adresses"
    kolibri_options = "options"


@register_hook
class RetourApresDeconnexion(LogoutRedirectHook):
    """Kolibri's own *Déconnexion* leads to the portal's welcome screen."""

    @property
    def url(self) -> str:
        """Address of the portal."""
        return str(OPTIONS["Pirogue"]["PORTAIL"])


@register_hook
class LienDeRetour(FrontEndBaseHeadHook):
    """Puts the bar *← Mon chemin* at the top of every page (Kolibri's policy forbids inline scripts)."""

    @property
    def head_html(self) -> str:
        """Markup of the head: one style sheet, one script that carries the two addresses."""
        return format_html(
            '<link rel="stylesheet" href="{}"><script src="{}" data-chemin="{}" data-formateur="{}"></script>',
            static("pirogue_kolibri/retour.css"),
            static("pirogue_kolibri/retour.js"),
            OPTIONS["Pirogue"]["CHEMIN"],
            OPTIONS["Pirogue"]["FORMATEUR"],
        )
