"""What pushes driving particles: one kind of force a file, each as an acceleration per particle and frame."""
