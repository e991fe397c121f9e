import { Pagination } from "@patternfly/react-core";
import { useQueryParams } from "./router";

const SIZES = [20, 50, 100, 500];
const DEFAULT = 20;

export interface Paging {
  start: number;
  limit: number;
  turn: (page: number, limit: number) => void;
}

/** Which page of a long list is shown; it is part of the address. */
export function usePaging(): Paging {
  const [query, setQuery] = useQueryParams();
  const limit = whole(query.get("limit"), DEFAULT);
  const start = whole(query.get("start"), 0);
  return {
    start,
    limit,
    turn: (page, size) =>
      setQuery({
        start: page > 1 ? String((page - 1) * size) : "",
        limit: size === DEFAULT ? "" : String(size),
      }),
  };
}

export function Pager({ paging, total, what }: { paging: Paging; total: number | undefined; what: string }) {
  const { start, limit, turn } = paging;
  return (
    <Pagination
      variant="bottom"
      isStatic
      className="ik-pager"
      itemCount={total ?? 0}
      page={Math.floor(start / limit) + 1}
      perPage={limit}
      perPageOptions={SIZES.map((value) => ({ title: String(value), value }))}
      titles={{ items: what, paginationAriaLabel: `Pages of ${what}` }}
      isDisabled={total === undefined}
      onSetPage={(_, page) => turn(page, limit)}
      onPerPageSelect={(_, size) => turn(1, size)}
    />
  );
}

function whole(text: string | null, otherwise: number): number {
  const number = Number(text);
  return text !== null && Number.isInteger(number) && number > 0 ? number : otherwise;
}
