"""A tus client, run by the bench's own environment: `tus_client.py URL FILE CA`. `filename` lets it resume."""

import os
import sys

if __name__ == "__main__":
    os.environ["REQUESTS_CA_BUNDLE"] = sys.argv[3]
    from tusclient.client import TusClient

    envoi = TusClient(sys.argv[1]).uploader(sys.argv[2], chunk_size=256 * 1024, metadata={"filename": "jour.zip"})
    envoi.upload()
