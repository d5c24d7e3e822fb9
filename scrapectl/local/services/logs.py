"""What AWS does with logs that moto does not."""
