import { Label, Title } from "@patternfly/react-core";
import type { ReactNode } from "react";
import { useNow } from "../../kit/clock";
import { dateTime } from "../../kit/format";
import { Link } from "../../kit/router";

/** A part of a page with what can be done there. */
export function Section({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="ik-section" aria-label={title}>
      <div className="ik-section__head">
        <Title headingLevel="h2" size="lg">
          {title}
        </Title>
        {actions && <div className="ik-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** When something ends; 0 is never. */
export function Expiry({ expire }: { expire: number }) {
  const now = useNow();
  if (expire === 0) return "never";
  if (expire > now) return dateTime(expire);
  return (
    <Label isCompact color="red">
      ended {dateTime(expire)}
    </Label>
  );
}

export function Privileges({ privileges }: { privileges: readonly string[] }) {
  if (privileges.length === 0) return <span className="ik-subtle">none</span>;
  return (
    <ul className="ik-privileges">
      {privileges.map((privilege) => (
        <li key={privilege}>
          <Label isCompact variant="outline">
            {privilege}
          </Label>
        </li>
      ))}
    </ul>
  );
}

export function UserLink({ userid }: { userid: string }) {
  return (
    <Link className="ik-wrap" to={["datacenter", "access", "users", userid]}>
      {userid}
    </Link>
  );
}

/** Whom an access entry is for. */
export function Subject({ type, ugid }: { type: string; ugid: string }) {
  return (
    <>
      <span className="ik-subtle">{type} </span>
      {type === "user" ? <UserLink userid={ugid} /> : <span className="ik-wrap">{ugid}</span>}
    </>
  );
}
