"""Addresses of our views, attached at the root of Kolibri."""

from django.urls import path

from pirogue_kolibri import annuaire, entree

urlpatterns = [
    path("pirogue/entrer", entree.entrer, name="pirogue_entrer"),
    path("pirogue/sortir", entree.sortir, name="pirogue_sortir"),
    path("pirogue/api/annuaire", annuaire.recevoir, name="pirogue_annuaire"),
    path("pirogue/api/oubli", annuaire.oublier, name="pirogue_oubli"),
]
