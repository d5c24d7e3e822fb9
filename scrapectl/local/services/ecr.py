"""What AWS does with ecr that moto does not."""
