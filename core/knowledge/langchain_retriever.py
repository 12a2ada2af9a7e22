"""The retriever with the face of LangChain, for chains and tools that expect one."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from core.knowledge.retrieval import Retriever
from core.types import Passage, Person


class AnswerdeskRetriever(BaseRetriever):
    """What one person may read, as LangChain documents; bound to that person when it is made."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    person: Person
    limit: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [
            _document(passage) for passage in self.retriever.search(query, self.person, self.limit).passages
        ]


def _document(passage: Passage) -> Document:
    chunk = passage.chunk
    return Document(
        page_content=chunk.text,
        metadata={
            "chunk_id": chunk.id,
            "kind": chunk.kind,
            "document_id": chunk.document_id,
            "title": chunk.title,
            "version": chunk.version,
            "heading_path": list(chunk.heading_path),
            "page": chunk.page,
            "start": chunk.start,
            "end": chunk.end,
            "score": passage.score,
        },
    )
