"""The portal's application: the youths' pages, the trainers' pages, and what guards both."""

from flask import Flask

from pirogue_portail import actifs, contexte, garde, pages, pannes, postes
from pirogue_portail.config import ConfigPortail
from pirogue_portail.formateur.plan import blueprint as formateur
from pirogue_portail.jeune.plan import blueprint as jeune


def create_app(config: ConfigPortail) -> Flask:
    """
    Make the portal. Nothing is opened or written before the first request.

    Args:
        config: where the register, the course and Kolibri are, and under which names we answer.
    """
    app = Flask("pirogue_portail", static_folder=None)
    app.url_rule_class = pages.Regle
    app.secret_key = config.secret
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    contexte.installer(app, config)
    postes.installer(app, config)
    garde.installer(app)
    actifs.installer(app)
    pannes.installer(app)
    app.register_blueprint(jeune)
    app.register_blueprint(formateur)
    return app
