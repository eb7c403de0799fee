"""A tus server, run by the bench's own environment: `tus_serveur.py PORT FOLDER`."""

import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router

if __name__ == "__main__":
    app = FastAPI()
    app.include_router(create_tus_router(files_dir=sys.argv[2], prefix="files"))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", proxy_headers=True)
