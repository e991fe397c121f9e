import { Component, type ReactNode } from "react";
import { Problem } from "../states";

/** A page that breaks does not take the program with it. */
export class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="ik-pad">
        <Problem error={error} onRetry={() => this.setState({ error: undefined })} />
      </div>
    );
  }
}
