"""What is taught: the catalogue, the offline channel builder, and the running of Kolibri."""
