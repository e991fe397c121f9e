import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { ChapterPage } from "../ChapterPage";
import { Loaded, Loading, Nothing } from "../states";
import { GUIDE } from "./pages";
import "./guide.css";

const Markdown = lazy(async () => ({ default: (await import("./Markdown")).Markdown }));

export function Guide({ page }: { page: string }) {
  const load = GUIDE.get(page);
  const text = useQuery({
    queryKey: ["guide", page],
    enabled: load !== undefined,
    staleTime: Infinity,
    queryFn: () => load?.() ?? "",
  });
  if (!load) return <Nothing title="The guide has no such page" />;
  return (
    <ChapterPage title="Guide">
      <Loaded query={text} what="the guide">
        {(markdown) => (
          <Suspense fallback={<Loading what="the guide" />}>
            <Markdown text={markdown} />
          </Suspense>
        )}
      </Loaded>
    </ChapterPage>
  );
}
