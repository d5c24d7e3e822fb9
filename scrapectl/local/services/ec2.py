"""What AWS does with ec2 that moto does not."""
