"""What AWS does with s3 that moto does not."""
