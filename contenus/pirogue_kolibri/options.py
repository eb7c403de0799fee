"""Options of the plugin, section `[Pirogue]` of Kolibri's options.ini."""

option_spec = {
    "Pirogue": {
        "CLE_ENTREE": {
            "type": "path",
            "default": "cle_entree",
            "envvars": ("KOLIBRI_PIROGUE_CLE_ENTREE",),
            "description": "File of the key shared with the portal: signs entry links and people pushes.",
        },
        "PORTAIL": {
            "type": "string",
            "default": "/",
            "envvars": ("KOLIBRI_PIROGUE_PORTAIL",),
            "description": "Address of the portal's welcome screen, as the laptops see it.",
        },
        "CHEMIN": {
            "type": "string",
            "default": "/chemin",
            "envvars": ("KOLIBRI_PIROGUE_CHEMIN",),
            "description": "Address of the trainee's path page on the portal (return link).",
        },
        "FORMATEUR": {
            "type": "string",
            "default": "/formateur",
            "envvars": ("KOLIBRI_PIROGUE_FORMATEUR",),
            "description": "Address of the trainer's page on the portal (return link on coach pages).",
        },
    }
}
