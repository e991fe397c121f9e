import { Fragment } from "react";
import { elsewhere } from "./data";

/** Where the host is now that a change has moved. */
export function Elsewhere({ addresses }: { addresses: readonly string[] }) {
  if (addresses.length === 0) return null;
  return (
    <p>
      The change gives the host another address. Go on there, log in, and confirm it:
      {addresses.map((address) => (
        <Fragment key={address}>
          {" "}
          <a href={elsewhere(address, location)}>{address}</a>
        </Fragment>
      ))}
    </p>
  );
}
