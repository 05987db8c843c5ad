"""What a simulation starts from: bodies made of splats and materials."""
