"""Delta tables of all episodes for analysts: the asset `library`, and `clipper sql` on them."""
